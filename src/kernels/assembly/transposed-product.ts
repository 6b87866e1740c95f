// out = d W^T for rows d [M], with W [A,M] in panels (see product.ts): the way back through a layer.

import { sumLanes } from './vector-lanes';

/** One row's share of a panel of `width` columns, in four lanes. */
@inline
function lanes(d: usize, w: usize, width: i32): v128 {
  let s = f32x4.mul(v128.load(d), v128.load(w));
  for (let j: usize = 16; j < <usize>width << 2; j += 16)
    s = f32x4.add(s, f32x4.mul(v128.load(d + j), v128.load(w + j)));
  return s;
}

/** out [A] = d [M] W^T. Eight rows of W at a time, then one; each adds its products in the same order. */
@inline
export function transposedProduct(out: usize, d: usize, w: usize, A: i32, M: i32): void {
  const panels = M >> 5;
  const panel = <usize>A << 7;
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 8 <= A; i += 8) {
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
    let q = w + (<usize>i << 7);
    let p = d;
    for (let k = 0; k < panels; k++) {
      let u = q;
      const end = u + 128;
      do {
        const x = v128.load(p);
        s0 = f32x4.add(s0, f32x4.mul(x, v128.load(u)));
        s1 = f32x4.add(s1, f32x4.mul(x, v128.load(u, 128)));
        s2 = f32x4.add(s2, f32x4.mul(x, v128.load(u, 256)));
        s3 = f32x4.add(s3, f32x4.mul(x, v128.load(u, 384)));
        s4 = f32x4.add(s4, f32x4.mul(x, v128.load(u, 512)));
        s5 = f32x4.add(s5, f32x4.mul(x, v128.load(u, 640)));
        s6 = f32x4.add(s6, f32x4.mul(x, v128.load(u, 768)));
        s7 = f32x4.add(s7, f32x4.mul(x, v128.load(u, 896)));
        u += 16;
        p += 16;
      } while (u < end);
      q += panel;
    }
    v128.store(out + (<usize>i << 2), sumLanes(s0, s1, s2, s3));
    v128.store(out + (<usize>i << 2), sumLanes(s4, s5, s6, s7), 16);
  }
  for (; i < A; i++) {
    let s = zero;
    let q = w + (<usize>i << 7);
    let p = d;
    for (let k = 0; k < panels; k++) {
      for (let j: usize = 0; j < 128; j += 16) s = f32x4.add(s, f32x4.mul(v128.load(p + j), v128.load(q + j)));
      q += panel;
      p += 128;
    }
    store<f32>(out + (<usize>i << 2), f32x4.extract_lane(sumLanes(s, zero, zero, zero), 0));
  }
  if (M & 31) narrow(out, d + (<usize>panels << 7), w + <usize>panels * panel, A, M & 31);
}

/** Adds the share of the panels that are narrower than 32 columns. */
function narrow(out: usize, d: usize, w: usize, A: i32, M: i32): void {
  const zero = f32x4.splat(0);
  for (let width = 16; width >= 4; width >>= 1) {
    if (!(M & width)) continue;
    for (let i: usize = 0; i < <usize>A; i++) {
      const s = lanes(d, w, width);
      const to = out + (i << 2);
      store<f32>(to, load<f32>(to) + f32x4.extract_lane(sumLanes(s, zero, zero, zero), 0));
      w += <usize>width << 2;
    }
    d += <usize>width << 2;
  }
  const rest = M & 3;
  if (rest == 0) return;
  for (let i: usize = 0; i < <usize>A; i++) {
    let s = load<f32>(out + (i << 2));
    for (let j: usize = 0; j < <usize>rest; j++) s += load<f32>(d + (j << 2)) * load<f32>(w + (j << 2));
    store<f32>(out + (i << 2), s);
    w += <usize>rest << 2;
  }
}
