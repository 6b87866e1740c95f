// y = a W + b for rows a [A], with W [A,M] in panels.
//
// Panels: the columns of W are cut into runs of 32, then of 16, 8 and 4, then the rest (see ../panels.ts). A panel lies row
// after row, so that a product reads memory from front to end. Every output adds its products in the order of the rows.

/** One row: eight accumulators to a panel hide the latency of the addition. */
export function oneRow(y: usize, a: usize, w: usize, b: usize, A: i32, M: i32): void {
  const end = a + (<usize>A << 2);
  let left = M;
  while (left >= 32) {
    let s0 = v128.load(b),
      s1 = v128.load(b, 16),
      s2 = v128.load(b, 32),
      s3 = v128.load(b, 48),
      s4 = v128.load(b, 64),
      s5 = v128.load(b, 80),
      s6 = v128.load(b, 96),
      s7 = v128.load(b, 112);
    let p = a;
    do {
      const x = v128.load32_splat(p);
      s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
      s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
      s2 = f32x4.add(s2, f32x4.mul(x, v128.load(w, 32)));
      s3 = f32x4.add(s3, f32x4.mul(x, v128.load(w, 48)));
      s4 = f32x4.add(s4, f32x4.mul(x, v128.load(w, 64)));
      s5 = f32x4.add(s5, f32x4.mul(x, v128.load(w, 80)));
      s6 = f32x4.add(s6, f32x4.mul(x, v128.load(w, 96)));
      s7 = f32x4.add(s7, f32x4.mul(x, v128.load(w, 112)));
      w += 128;
      p += 4;
    } while (p < end);
    v128.store(y, s0);
    v128.store(y, s1, 16);
    v128.store(y, s2, 32);
    v128.store(y, s3, 48);
    v128.store(y, s4, 64);
    v128.store(y, s5, 80);
    v128.store(y, s6, 96);
    v128.store(y, s7, 112);
    y += 128;
    b += 128;
    left -= 32;
  }
  if (left & 16) {
    let s0 = v128.load(b),
      s1 = v128.load(b, 16),
      s2 = v128.load(b, 32),
      s3 = v128.load(b, 48);
    let p = a;
    do {
      const x = v128.load32_splat(p);
      s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
      s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
      s2 = f32x4.add(s2, f32x4.mul(x, v128.load(w, 32)));
      s3 = f32x4.add(s3, f32x4.mul(x, v128.load(w, 48)));
      w += 64;
      p += 4;
    } while (p < end);
    v128.store(y, s0);
    v128.store(y, s1, 16);
    v128.store(y, s2, 32);
    v128.store(y, s3, 48);
    y += 64;
    b += 64;
  }
  if (left & 8) {
    let s0 = v128.load(b),
      s1 = v128.load(b, 16);
    let p = a;
    do {
      const x = v128.load32_splat(p);
      s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
      s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
      w += 32;
      p += 4;
    } while (p < end);
    v128.store(y, s0);
    v128.store(y, s1, 16);
    y += 32;
    b += 32;
  }
  if (left & 4) {
    let s0 = v128.load(b);
    let p = a;
    do {
      s0 = f32x4.add(s0, f32x4.mul(v128.load32_splat(p), v128.load(w)));
      w += 16;
      p += 4;
    } while (p < end);
    v128.store(y, s0);
    y += 16;
    b += 16;
  }
  const rest = left & 3;
  for (let j: usize = 0; j < <usize>rest; j++) {
    let s = load<f32>(b + (j << 2));
    let q = w + (j << 2);
    for (let p = a; p < end; p += 4) {
      s += load<f32>(p) * load<f32>(q);
      q += <usize>rest << 2;
    }
    store<f32>(y + (j << 2), s);
  }
}

/** Four rows at once, eight columns at a time: W is read once for the four. M is a multiple of 32. */
function fourRows(y: usize, yStride: usize, a: usize, aStride: usize, w: usize, b: usize, A: i32, M: i32): void {
  const panel = <usize>A << 7;
  for (let column: usize = 0; column < <usize>M << 2; column += 32) {
    // within a panel of 32 columns (128 bytes a row)
    let q = w + (column >> 7) * panel + (column & 127);
    const b0 = v128.load(b + column);
    const b1 = v128.load(b + column, 16);
    let s00 = b0, s01 = b1, s10 = b0, s11 = b1, s20 = b0, s21 = b1, s30 = b0, s31 = b1;
    let p = a;
    const end = a + (<usize>A << 2);
    do {
      const w0 = v128.load(q);
      const w1 = v128.load(q, 16);
      let x = v128.load32_splat(p);
      s00 = f32x4.add(s00, f32x4.mul(x, w0));
      s01 = f32x4.add(s01, f32x4.mul(x, w1));
      x = v128.load32_splat(p + aStride);
      s10 = f32x4.add(s10, f32x4.mul(x, w0));
      s11 = f32x4.add(s11, f32x4.mul(x, w1));
      x = v128.load32_splat(p + 2 * aStride);
      s20 = f32x4.add(s20, f32x4.mul(x, w0));
      s21 = f32x4.add(s21, f32x4.mul(x, w1));
      x = v128.load32_splat(p + 3 * aStride);
      s30 = f32x4.add(s30, f32x4.mul(x, w0));
      s31 = f32x4.add(s31, f32x4.mul(x, w1));
      q += 128;
      p += 4;
    } while (p < end);
    const out = y + column;
    v128.store(out, s00);
    v128.store(out, s01, 16);
    v128.store(out + yStride, s10);
    v128.store(out + yStride, s11, 16);
    v128.store(out + 2 * yStride, s20);
    v128.store(out + 2 * yStride, s21, 16);
    v128.store(out + 3 * yStride, s30);
    v128.store(out + 3 * yStride, s31, 16);
  }
}

/** y [R,M] = a [R,A] W + b. Rows of y and of a lie `yStride` and `aStride` bytes apart; a row has the bits that it has alone. */
@inline
export function product(
  y: usize, yStride: usize, a: usize, aStride: usize, w: usize, b: usize, R: i32, A: i32, M: i32,
): void {
  let left = R;
  if ((M & 31) == 0) {
    for (; left >= 4; left -= 4) {
      fourRows(y, yStride, a, aStride, w, b, A, M);
      y += 4 * yStride;
      a += 4 * aStride;
    }
  }
  for (; left > 0; left--) {
    oneRow(y, a, w, b, A, M);
    y += yStride;
    a += aStride;
  }
}
