/** What a registry is made of, and what it is asked for. */
import type { Clock } from '../clock.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Limits } from '../limits.js';
import type { Store } from '../store/store.js';
import type { PastLimits } from './past/past.js';
import type { Sequence } from './sequence.js';
import type { SequenceCounters } from './sequence-counters.js';
import type { SequenceParts } from './sequence-parts.js';
import type { Grain, Kind } from './work/fair-turns.js';

export interface RegistryParts {
  readonly kernels: Kernels;
  readonly store: Store;
  readonly clock: Clock;
  readonly newEpoch: () => string;
  readonly limits: SequenceParts['limits'] & Pick<Limits, 'sequences' | 'awakeSequences' | 'modelBytes'>;
  readonly keeping: Keeping;
  /** How far back the past of each sequence reaches; as `PAST_LIMITS` if left out. */
  readonly past?: PastLimits;
  readonly counters: SequenceCounters;
  /** How finely long work is cut; by default into slices of 4 ms. */
  readonly grain?: Grain;
  /** Told of every slice of long work: how long it took, and how long it had waited, in milliseconds. */
  readonly onSlice?: (kind: Kind, ms: number, waitedMs: number) => void;
  /** Reports a fault inside Eddy, or of the store. */
  readonly onFault: (error: unknown) => void;
}

/** When a sequence is saved. */
export interface Keeping {
  /** Steps, and milliseconds, after which a checkpoint is made; fewer steps if they are expensive. */
  readonly steps: number;
  readonly ms: number;
  /** Milliseconds without a step after which it is put to sleep. */
  readonly idleMs: number;
}

export interface Opening {
  readonly sequence: Sequence;
  readonly created: boolean;
  /** Where the sequence's fields are among those that were given; null where they have the same order. */
  readonly order: Int32Array | null;
}

export type OpenMode = 'create' | 'resume' | 'either';
