import type { Observable } from 'rxjs';
import type { Batch, Block } from './block.js';

/** One network that a run feeds. */
export interface Runner {
  /** What the steps gave, in their order. An error, coded, ends it. */
  readonly batches$: Observable<Batch>;
  /** Steps that it takes now. */
  readonly room: number;
  push(block: Block): void;
  close(): void;
}

/** Steps that may be under way: enough to keep a runner busy, few enough that a pause is felt at once. */
export const MAX_UNDER_WAY = 256;
