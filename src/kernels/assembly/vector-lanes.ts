// The four lanes of a vector.

/** Four numbers, or one in all lanes: so a number gets the same bits wherever it lies. */
@inline
export function read(p: usize, whole: bool): v128 {
  return whole ? v128.load(p) : v128.load32_splat(p);
}

@inline
export function write(p: usize, x: v128, whole: bool): void {
  if (whole) v128.store(p, x);
  else v128.store32_lane(p, x, 0);
}

/** Adds up the lanes of four vectors: [ sum a, sum b, sum c, sum d ]. */
@inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}
