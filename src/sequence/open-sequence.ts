/** How a sequence begins: new, or out of the store. */
import type { Schema } from '../fields/sequence-schema.js';
import type { Plain } from '../formats/typed-json.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { Course } from './course.js';
import { LogEvents } from './log-events.js';
import { Past } from './past/past.js';
import { type Recovered, recover } from './recovery.js';
import { Sequence } from './sequence.js';
import type { SequenceParts } from './sequence-parts.js';
import { type Asleep, asleepOf } from './summary.js';

/** Makes a new sequence. @throws EddyError `sequence-limit` */
export const createSequence = (parts: SequenceParts, spec: ModelSpec, schema: Schema): Sequence =>
  open(parts, (log) => {
    const course = new Course(parts.models.wake({ ...spec }), parts.newEpoch(), schema);
    const plain = { ...schema } as unknown as Plain;
    log.append({ kind: 'created', epoch: course.epoch, spec: { ...course.model.spec }, schema: plain });
    return { course, past: pastOf(parts, log, spec), replayed: 0, damage: [], isCut: false };
  });

/** Brings a sequence back that the store knows: asleep, if it fell asleep in order. @throws EddyError `store-damaged`, `sequence-limit` */
export const bringBack = (parts: SequenceParts): Sequence =>
  open(parts, (log) => {
    const { store, name, models } = parts;
    const keptBy = (spec: ModelSpec) => pastOf(parts, log, spec);
    return (
      (log.doubt ? null : asleepOf(store, name, log, keptBy)) ??
      recover(name, log, (spec, from) => models.wake(spec, from), keptBy)
    );
  });

const pastOf = ({ past: limits, clock, onFault }: SequenceParts, { pages }: SequenceStore, spec: ModelSpec) =>
  new Past({ pages, spec, limits, wall: () => clock.wall(), onDamage: onFault });

function open(parts: SequenceParts, begin: (log: SequenceStore) => Recovered | Asleep): Sequence {
  const events = new LogEvents();
  const log = parts.store.open(parts.name, events);
  try {
    return new Sequence(parts, log, events, begin(log));
  } catch (error) {
    log.close();
    throw error;
  }
}
