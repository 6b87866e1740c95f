/** Takes values into rings in plain memory, as a kernel does. */
import type { Address } from '../../src/kernels/arena.js';
import { looseColumns } from '../../src/kernels/columns.js';
import { RING_SERIES, ringEnd, ringPush } from '../../src/kernels/value-ring.js';

const memory = looseColumns.allocateColumns(1);

/** Takes the next value of each series into the ring at `at`, for which `owner` makes room; NaN is missing. */
export function pushRow(owner: { prepare(): void }, at: Address, row: ArrayLike<number>): void {
  owner.prepare();
  const { data } = memory;
  for (let i = 0; i < data[at + RING_SERIES]!; i++) ringPush(data, at, i, row[i]!);
  ringEnd(data, at);
}
