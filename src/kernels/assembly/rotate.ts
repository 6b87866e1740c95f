// Rotations of pairs of rows, which random orthogonal matrices are made of.

/**
 * Turns pairs of rows of x [*,M] in place, one pair after the other: each of `count` entries [ i, j, c, s ] of the plan makes
 * of the rows i and j the rows c x_i - s x_j and s x_i + c x_j.
 */
export function rotate(x: usize, plan: usize, count: i32, M: i32): void {
  const width = <usize>M << 2;
  const end = plan + (<usize>count << 4);
  for (; plan < end; plan += 16) {
    let a = x + <usize>load<f32>(plan) * width;
    let b = x + <usize>load<f32>(plan, 4) * width;
    const c = v128.load32_splat(plan, 8);
    const s = v128.load32_splat(plan, 12);
    const rowEnd = a + width;
    for (; a + 16 <= rowEnd; a += 16) {
      const u = v128.load(a);
      const v = v128.load(b);
      v128.store(a, f32x4.sub(f32x4.mul(c, u), f32x4.mul(s, v)));
      v128.store(b, f32x4.add(f32x4.mul(s, u), f32x4.mul(c, v)));
      b += 16;
    }
    const c1 = load<f32>(plan, 8);
    const s1 = load<f32>(plan, 12);
    for (; a < rowEnd; a += 4) {
      const u = load<f32>(a);
      const v = load<f32>(b);
      store<f32>(a, c1 * u - s1 * v);
      store<f32>(b, s1 * u + c1 * v);
      b += 4;
    }
  }
}
