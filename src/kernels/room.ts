/** Arenas and columns out of one part of a heap, which is put to zeros beforehand, piece by piece. */
import { BYTE, inRanges, type Pieces } from '../math/pieces.js';
import type { Arena } from './arena.js';
import type { Columns } from './columns.js';
import type { Heap } from './heap.js';
import type { Kernels, Room } from './kernels.js';

/** How the numbers of a heap are reached. */
interface RoomMemory {
  readonly heap: Heap;
  /** Puts bytes to zero. */
  clear(from: number, to: number): void;
  arenaAt(byte: number, length: number): Arena;
  columnsAt(byte: number, length: number): Columns;
}

/** Makes room in a heap. What it cannot hold any more is allocated by `beyond`. */
export function* roomOn(
  { heap, clear, arenaAt, columnsAt }: RoomMemory,
  bytes: number,
  beyond: Pick<Kernels, 'allocate' | 'allocateColumns'>,
): Pieces<Room> {
  const size = heap.sizeOf(bytes);
  let next = heap.allocate(size);
  const end = next + size;
  const close = () => {
    if (next < end) heap.release(next, end - next);
    next = end;
  };
  let isDone = false;
  try {
    yield* inRanges(end, BYTE, clear, next);
    isDone = true;
  } finally {
    if (!isDone) close();
  }
  const take = <T>(wanted: number, at: (byte: number) => T, otherwise: () => T): T => {
    const taken = heap.sizeOf(wanted);
    if (next + taken > end) return otherwise();
    next += taken;
    return at(next - taken);
  };
  return {
    allocate: (length) =>
      take(
        4 * length,
        (byte) => arenaAt(byte, length),
        () => beyond.allocate(length),
      ),
    allocateColumns: (length) =>
      take(
        8 * length,
        (byte) => columnsAt(byte, length),
        () => beyond.allocateColumns(length),
      ),
    close,
  };
}
