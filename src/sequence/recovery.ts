/** How a sequence comes back: the last good checkpoint, and the records after it, applied again. */
import { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';
import type { Model } from '../rnn/model.js';
import type { ModelSnapshot } from '../rnn/snapshot.js';
import type { SequenceStore } from '../store/store.js';
import { Carrier } from './carrier.js';
import { Results } from './results/results.js';

/** Makes a model of a spec. */
export type MakeModel = (spec: Plain) => Model;

/** Where a replay begins. */
export interface Start {
  readonly model: Model;
  readonly epoch: string;
  /** Position of the first record to apply. */
  readonly position: number;
}

export interface Recovered extends Pick<Start, 'model' | 'epoch'> {
  /** Steps that were carried again. */
  readonly replayed: number;
  /** What was found broken, and is not used. */
  readonly damage: readonly EddyError[];
  /** Were records given up, so that the history ends earlier than it did? */
  readonly isCut: boolean;
}

/** What a checkpoint keeps of a sequence. */
export const stateOf = ({ epoch, model }: { epoch: string; model: Model }): Plain => ({
  epoch,
  snapshot: model.snapshot(),
});

/**
 * Brings a sequence back to where its log ends. A broken checkpoint is passed over for the one before it; where a record
 * is broken the history ends before it.
 *
 * @throws EddyError `store-damaged` where there is nothing to begin from; the store is as it was
 */
export function recover(name: string, log: SequenceStore, make: MakeModel): Recovered {
  const damage: EddyError[] = [];
  for (const start of starts(name, log, make, (error) => damage.push(error))) {
    const { model } = start;
    const carrier = new Carrier(model, Results.unheard(), null, start.epoch);
    const before = carrier.seq;
    let { position } = start;
    let isCut = false;
    try {
      for (const { record } of log.records(position)) {
        carrier.apply(record);
        position++;
      }
    } catch (error) {
      if (!isDamage(error)) {
        model.free();
        throw error;
      }
      damage.push(error);
      log.abandon(position);
      isCut = true;
    }
    return { model, epoch: carrier.epoch, replayed: carrier.seq - before, damage, isCut };
  }
  const why = damage.map(({ message }) => message);
  if (log.oldest > 0) why.push('no checkpoint can be used, and the log begins later');
  throw new EddyError('store-damaged', `${name} cannot be brought back: ${why.join('; ')}`);
}

/** Gives what a replay may begin from, the latest first: the checkpoints that can be read, then the first record. */
export function* starts(
  name: string,
  log: SequenceStore,
  make: MakeModel,
  onDamage: (error: EddyError) => void,
): Iterable<Start> {
  for (const checkpoint of log.checkpoints()) {
    const start = attempt(() => fromState(checkpoint.read().state, checkpoint.position, make), onDamage);
    if (start) yield start;
  }
  if (log.oldest > 0) return;
  const start = attempt(() => fromCreation(name, log, make), onDamage);
  if (start) yield start;
}

/** @throws EddyError `snapshot-invalid`, `spec-invalid` */
export function fromState(state: Plain, position: number, make: MakeModel): Start {
  const { epoch, snapshot } = state as { epoch: string; snapshot: ModelSnapshot };
  if (typeof epoch !== 'string' || typeof snapshot !== 'object' || snapshot === null)
    throw new EddyError('snapshot-invalid', 'the state is that of no sequence');
  const model = make(snapshot.spec);
  try {
    model.restore(snapshot);
  } catch (error) {
    model.free();
    throw error;
  }
  return { model, epoch, position };
}

function fromCreation(name: string, log: SequenceStore, make: MakeModel): Start {
  for (const { position, record } of log.records(0)) {
    if (record.kind === 'created')
      return { model: make(record.spec), epoch: record.epoch, position: position + 1 };
    break;
  }
  throw new EddyError('store-damaged', `${name}: the log does not begin with its creation`);
}

/** Codes of what a broken store leads to; anything else is no damage, and goes on. */
const DAMAGE = ['store-damaged', 'snapshot-invalid', 'spec-invalid'];

const isDamage = (error: unknown): error is EddyError =>
  error instanceof EddyError && DAMAGE.includes(error.code);

function attempt<T>(act: () => T, onDamage: (error: EddyError) => void): T | null {
  try {
    return act();
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamage(error);
    return null;
  }
}
