/**
 * Float64 numbers beside the arenas: what a model keeps of scores, scalers and forecasters. All columns of the same
 * kernels lie in one array, so that an address means the same in each of them.
 */
import type { Address } from './arena.js';
import { Heap } from './heap.js';

export interface Columns {
  /** The array that `base` counts in. Read it again after every allocation of the same kernels: it may move. */
  readonly data: Float64Array;
  readonly base: Address;
  readonly length: number;
  /** The numbers themselves. Read it again like `data`. */
  readonly array: Float64Array;
  /** Gives the memory back. The columns must not be used after. */
  free(): void;
}

export interface ColumnStore {
  /** Allocates `length` zeros, of float64 in every precision. */
  allocateColumns(length: number): Columns;
}

export interface ColumnMemory extends ColumnStore {
  /** Makes columns of zeros that lie in a part of the heap which was allocated for them. */
  columnsAt(byte: number, length: number): Columns;
}

/**
 * Gives out columns of a memory.
 *
 * @param heap counts in bytes
 * @param view gives the present array over the whole memory
 */
export function columnsOn(heap: Heap, view: () => Float64Array): ColumnMemory {
  // columns that are forgotten without free() are given back when they are collected
  const forgotten = new FinalizationRegistry<[at: number, bytes: number]>((part) => heap.release(...part));
  const columnsAt = (at: number, length: number): Columns => {
    let seen = view();
    let own = seen.subarray(at / 8, at / 8 + length);
    const columns: Columns = {
      get data() {
        return view();
      },
      base: at / 8,
      length,
      get array() {
        const data = view();
        if (data !== seen) {
          seen = data;
          own = data.subarray(at / 8, at / 8 + length);
        }
        return own;
      },
      free() {
        if (forgotten.unregister(columns)) heap.release(at, 8 * length);
      },
    };
    forgotten.register(columns, [at, 8 * length], columns);
    return columns;
  };
  return {
    columnsAt,
    allocateColumns(length) {
      const columns = columnsAt(heap.allocate(8 * length), length);
      columns.array.fill(0);
      return columns;
    },
  };
}

const FIRST = 4096;

/** Columns in plain memory, which is copied where it has to grow. */
export function plainColumns(): ColumnStore {
  let data = new Float64Array(FIRST);
  const grow = (bytes: number) => {
    if (bytes <= data.byteLength) return;
    const larger = new Float64Array(Math.max(bytes / 8, 2 * data.length));
    larger.set(data);
    data = larger;
  };
  return columnsOn(new Heap(0, grow, 64), () => data);
}

/** Columns of what has no kernels. */
export const looseColumns: ColumnStore = plainColumns();

/** Columns that are given back together. */
export class OwnedColumns implements ColumnStore {
  private readonly all: Columns[] = [];

  constructor(private readonly from: ColumnStore) {}

  allocateColumns(length: number): Columns {
    const columns = this.from.allocateColumns(length);
    this.all.push(columns);
    return columns;
  }

  free(): void {
    for (const columns of this.all) columns.free();
  }
}
