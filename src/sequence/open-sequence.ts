/** How a sequence begins: new, or out of the store. */
import { EddyError } from '../errors.js';
import type { Schema } from '../fields/sequence-schema.js';
import type { Plain } from '../formats/typed-json.js';
import type { Pieces } from '../math/pieces.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { Course } from './course.js';
import { LogEvents } from './log-events.js';
import { Past } from './past/past.js';
import { recover } from './recovery.js';
import { Sequence } from './sequence.js';
import type { SequenceParts } from './sequence-parts.js';
import { asleepOf } from './summary.js';

/** Makes a new sequence, in pieces. @throws EddyError `sequence-limit`, `sequence-exists` */
export function* createSequence(parts: SequenceParts, spec: ModelSpec, schema: Schema): Pieces<Sequence> {
  const { models, newEpoch, store, name } = parts;
  const model = yield* models.wake({ ...spec });
  try {
    if (store.has(name)) throw new EddyError('sequence-exists', `sequence ${name} exists already`);
    const events = new LogEvents();
    const log = store.open(name, events);
    const course = new Course(model, newEpoch(), schema);
    const plain = { ...schema } as unknown as Plain;
    log.append({ kind: 'created', epoch: course.epoch, spec: { ...model.spec }, schema: plain });
    const past = pastOf(parts, log, spec);
    return new Sequence(parts, log, events, { course, past, replayed: 0, damage: [], isCut: false });
  } catch (error) {
    model.free();
    throw error;
  }
}

/**
 * Brings a sequence back that the store knows: asleep, if it fell asleep in order; else its model is made again, in pieces.
 *
 * @throws EddyError `store-damaged`, `sequence-limit`
 */
export function* bringBack(parts: SequenceParts): Pieces<Sequence> {
  const { store, name, models } = parts;
  const events = new LogEvents();
  const log = store.open(name, events);
  let sequence: Sequence | null = null;
  try {
    const keptBy = (spec: ModelSpec) => pastOf(parts, log, spec);
    const origin =
      (log.doubt ? null : asleepOf(store, name, log, keptBy)) ??
      (yield* recover(name, log, (spec, from) => models.wake(spec, from), keptBy));
    sequence = new Sequence(parts, log, events, origin);
    return sequence;
  } finally {
    if (!sequence) log.close();
  }
}

const pastOf = ({ past: limits, clock, onFault }: SequenceParts, { pages }: SequenceStore, spec: ModelSpec) =>
  new Past({
    pages,
    spec,
    limits,
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    onDamage: onFault,
  });
