/** Gives the rows from `from` to `to` of T rows of `size` numbers each, as a view. */
export function rows(all: Float32Array, size: number, from: number, to: number): Float32Array {
  return to * size - from * size === all.length ? all : all.subarray(from * size, to * size);
}
