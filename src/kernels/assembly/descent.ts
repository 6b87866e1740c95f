// The steps of the optimizers, one weight or four at a time.

import { read, write } from './vector-lanes';

/** A step of SGD of four weights along their gradient g; v is 0 where there is no velocity. `decays` is known when it is compiled. */
@inline
export function descend4(
  w: usize, v: usize, g: v128, rate: v128, momentum: v128, nesterov: bool, decays: bool, decay: f32,
): void {
  let descent = f32x4.mul(rate, g);
  if (decays) descent = f32x4.add(descent, f32x4.mul(f32x4.splat(decay), v128.load(w)));
  if (!v) {
    v128.store(w, f32x4.sub(v128.load(w), descent));
    return;
  }
  const velocity = f32x4.sub(f32x4.mul(momentum, v128.load(v)), descent);
  v128.store(v, velocity);
  const move = nesterov ? f32x4.sub(f32x4.mul(momentum, velocity), descent) : velocity;
  v128.store(w, f32x4.add(v128.load(w), move));
}

/** The same of one weight. */
@inline
export function descend1(
  w: usize, v: usize, g: f32, rate: f32, momentum: f32, nesterov: bool, decays: bool, decay: f32,
): void {
  let descent = rate * g;
  if (decays) descent = descent + decay * load<f32>(w);
  if (!v) {
    store<f32>(w, load<f32>(w) - descent);
    return;
  }
  const velocity = momentum * load<f32>(v) - descent;
  store<f32>(v, velocity);
  store<f32>(w, load<f32>(w) + (nesterov ? momentum * velocity - descent : velocity));
}

@inline
function descendAll(
  w: usize, g: usize, v: usize, n: i32, rate: f32, momentum: f32, nesterov: bool, decays: bool, decay: f32,
): void {
  const rate4 = f32x4.splat(rate);
  const momentum4 = f32x4.splat(momentum);
  const end = g + (<usize>n << 2);
  for (; g + 16 <= end; g += 16) {
    descend4(w, v, v128.load(g), rate4, momentum4, nesterov, decays, decay);
    w += 16;
    if (v) v += 16;
  }
  for (; g < end; g += 4) {
    descend1(w, v, load<f32>(g), rate, momentum, nesterov, decays, decay);
    w += 4;
    if (v) v += 4;
  }
}

/** Takes a step of SGD of n weights along a gradient that lies in memory. */
export function descendAlong(
  w: usize, g: usize, v: usize, n: i32, rate: f32, momentum: f32, nesterov: bool, decay: f32,
): void {
  if (decay != 0) descendAll(w, g, v, n, rate, momentum, nesterov, true, decay);
  else descendAll(w, g, v, n, rate, momentum, nesterov, false, 0);
}

/** a + share (b - a) */
@inline
function towards(a: v128, b: v128, share: f32): v128 {
  return f32x4.add(a, f32x4.mul(f32x4.splat(share), f32x4.sub(b, a)));
}

/** A step of Adam of four weights, or of one. */
@inline
function adaptAt(
  w: usize, g: usize, m1: usize, m2: usize, scale: f32, l2: f32, first: f32, second: f32, rate: f32, root: f32,
  epsilon: f32, shrink: f32, whole: bool,
): void {
  const old = read(w, whole);
  const gradient = f32x4.add(f32x4.mul(f32x4.splat(scale), read(g, whole)), f32x4.mul(f32x4.splat(l2), old));
  let mean = gradient;
  if (m1) {
    mean = towards(read(m1, whole), gradient, first);
    write(m1, mean, whole);
  }
  const square = towards(read(m2, whole), f32x4.mul(gradient, gradient), second);
  write(m2, square, whole);
  const below = f32x4.add(f32x4.mul(f32x4.sqrt(square), f32x4.splat(root)), f32x4.splat(epsilon));
  const step = f32x4.div(f32x4.mul(f32x4.splat(rate), mean), below);
  write(w, f32x4.sub(f32x4.sub(old, f32x4.mul(f32x4.splat(shrink), old)), step), whole);
}

/**
 * Takes a step of Adam of n weights. m1 is 0 where no first moment is kept. `first` and `second` are 1 - beta1 and
 * 1 - beta2, `rate` is the learning rate over c1, `root` is 1 / sqrt(c2).
 */
export function adapt(
  w: usize, g: usize, m1: usize, m2: usize, n: i32, scale: f32, l2: f32, first: f32, second: f32, rate: f32,
  root: f32, epsilon: f32, shrink: f32,
): void {
  const end = g + (<usize>n << 2);
  for (; g + 16 <= end; g += 16) {
    adaptAt(w, g, m1, m2, scale, l2, first, second, rate, root, epsilon, shrink, true);
    w += 16;
    if (m1) m1 += 16;
    m2 += 16;
  }
  for (; g < end; g += 4) {
    adaptAt(w, g, m1, m2, scale, l2, first, second, rate, root, epsilon, shrink, false);
    w += 4;
    if (m1) m1 += 4;
    m2 += 4;
  }
}

/** Gives the sum of the squares of n numbers: in float64, where none can overflow. */
export function squares(p: usize, n: i32): f64 {
  const whole = n & ~3;
  const end = p + (<usize>whole << 2);
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0);
  for (; p < end; p += 16) {
    const low = f64x2.promote_low_f32x4(v128.load64_zero(p));
    const high = f64x2.promote_low_f32x4(v128.load64_zero(p, 8));
    s0 = f64x2.add(s0, f64x2.mul(low, low));
    s1 = f64x2.add(s1, f64x2.mul(high, high));
  }
  return restOfSquares(s0, s1, p, n - whole);
}

/** Adds the squares of n numbers, a multiple of 4, to the four sums at `sums`, which `squares` goes by. */
export function addSquares(sums: usize, p: usize, n: i32): void {
  const end = p + (<usize>n << 2);
  let s0 = v128.load(sums), s1 = v128.load(sums, 16);
  for (; p < end; p += 16) {
    const low = f64x2.promote_low_f32x4(v128.load64_zero(p));
    const high = f64x2.promote_low_f32x4(v128.load64_zero(p, 8));
    s0 = f64x2.add(s0, f64x2.mul(low, low));
    s1 = f64x2.add(s1, f64x2.mul(high, high));
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
}

/** Gives the sum of four sums and of the squares of the last numbers, three or fewer. */
export function endSquares(sums: usize, p: usize, n: i32): f64 {
  return restOfSquares(v128.load(sums), v128.load(sums, 16), p, n);
}

@inline
function restOfSquares(s0: v128, s1: v128, p: usize, n: i32): f64 {
  s0 = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (const end = p + (<usize>n << 2); p < end; p += 4) {
    const x = <f64>load<f32>(p);
    sum += x * x;
  }
  return sum;
}
