/** The memory that kernels compute in: one flat array of reals, and addresses in it. */
export type Reals = Float32Array | Float64Array;

/** Position of an element in an arena. */
export type Address = number;

/** How much a cell's kernel does: T steps of B rows, with F features and N units. */
export type CellSizes = [T: number, B: number, F: number, N: number];

/** Rows [first,end) of a work: all, unless it is said. */
export type RowsPart = readonly [first: number, end: number];

/** How much a layer's does: R rows of A numbers, to M numbers each. */
export type LayerSizes = [R: number, A: number, M: number];

/** A run of reals that one model owns. */
export interface Arena {
  /** The array that `base` counts in. Read it again after every allocation of the same kernels: it may move. */
  readonly data: Reals;
  readonly base: Address;
  readonly length: number;
  /** Gives the memory back. The arena must not be used after. */
  free(): void;
}

/** Kernels as the module exports them: addresses are bytes, and the array is the module's own memory. */
export type Exported<K> = {
  [Name in keyof K]: K[Name] extends (m: Reals, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};
