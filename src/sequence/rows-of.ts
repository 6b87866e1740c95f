/** Gives the rows from `from` to `to` of T rows of `size` numbers each, as a view. */
export function rows(all: Float64Array, size: number, from: number, to: number): Float64Array {
  return to * size - from * size === all.length ? all : all.subarray(from * size, to * size);
}
