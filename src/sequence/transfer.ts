/** Sequences as files: out of the store, and into it. */
import type { Clock } from '../clock.js';
import type { Plain } from '../formats/typed-json.js';
import type { Pieces } from '../math/pieces.js';
import type { Store } from '../store/store.js';
import type { ModelRoom } from './model-room.js';
import { type DurableTime, inTime } from './not-durable.js';
import { fromState } from './recovery.js';
import type { Sequence } from './sequence.js';
import { readSequence, writeSequence } from './sequence-file.js';

export interface ImportParts extends DurableTime {
  readonly store: Store;
  readonly clock: Clock;
  readonly newEpoch: () => string;
  readonly models: ModelRoom;
  /** @throws EddyError where a sequence of that name cannot be made */
  readonly checkFree: () => void;
}

/** Writes a whole sequence, in pieces: it stays as it is meanwhile. @param wall milliseconds since 1970 */
export function* exportSequence(sequence: Sequence, wall: number): Pieces<Uint8Array> {
  let file: Uint8Array = new Uint8Array(0);
  yield* sequence.through({
    kind: 'look',
    *look(course) {
      file = yield* writeSequence(sequence.name, course, wall);
    },
  });
  return file;
}

/**
 * Makes a sequence from a file, in a new epoch and in pieces; what it gives resolves when it is durable.
 *
 * @throws EddyError `sequence-*`, `snapshot-invalid`, `spec-invalid`, `store-unavailable`; then nothing is made
 */
export function* importSequence(parts: ImportParts, name: string, bytes: Uint8Array): Pieces<Promise<void>> {
  const { store, newEpoch, clock, models, checkFree } = parts;
  checkFree();
  const state = yield* readSequence(bytes);
  const start = yield* fromState(state, 0, (spec, from) => models.replay(spec, from));
  const { model, schema, isNamed } = start.course;
  const spec = { ...model.spec };
  model.free();
  checkFree();
  const epoch = newEpoch();
  const log = store.open(name, { onDurable: () => undefined, onCheckpoint: () => undefined });
  const named = isNamed && { schema: { ...schema } as unknown as Plain };
  const position = log.append({ kind: 'created', epoch, spec, ...named }) + 1;
  yield* log.checkpointInPieces({ position, savedAt: clock.wall(), state: { ...state, epoch } });
  log.close();
  return inTime(store.flushed(), parts);
}
