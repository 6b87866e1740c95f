import type { Clock } from '../clock.js';
import type { Limits } from '../limits.js';
import type { Store } from '../store/store.js';
import type { ModelRoom } from './model-room.js';
import type { PastLimits } from './past/past.js';
import type { SequenceCounters } from './sequence-counters.js';
import type { FairTurns } from './work/fair-turns.js';

/** What a sequence is put together from. */
export interface SequenceParts {
  readonly name: string;
  readonly channel: number;
  readonly store: Store;
  readonly clock: Clock;
  readonly models: ModelRoom;
  readonly newEpoch: () => string;
  readonly limits: Pick<Limits, 'blockSteps' | 'unackedSteps' | 'pendingAppends' | 'durableMs'>;
  /** Steps between two checkpoints. */
  readonly checkpointSteps: number;
  /** How far back its past reaches. */
  readonly past: PastLimits;
  /** Long work of all sequences. */
  readonly turns: FairTurns;
  readonly counters: SequenceCounters;
  /** Reports a fault inside Eddy, or of the store. */
  readonly onFault: (error: unknown) => void;
}
