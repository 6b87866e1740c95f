// Recursive least squares in float64; see ../least-squares.ts for the formulas and for how the numbers lie.

const LAMBDA: f64 = 0.998;
const FIRST: f64 = 10;
const MOST: f64 = 1e5;
const CLIP: f64 = 3;
const WARM: f64 = 30;
const WINDOW: f64 = 200;
const UP: f64 = 1 / LAMBDA;

@inline
export function evenOf(n: i32): usize {
  return <usize>(n + (n & 1));
}

@inline
function triangle(n2: usize): usize {
  return (n2 * n2) / 2 + n2;
}

/** Adds up products in two lanes. @param size bytes, of pairs */
@inline
export function dot(a: usize, b: usize, size: usize): f64 {
  let sum = f64x2.splat(0);
  for (let i: usize = 0; i < size; i += 16) sum = f64x2.add(sum, f64x2.mul(v128.load(a + i), v128.load(b + i)));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Where the weights begin. */
@inline
export function weightsOf(at: usize, n: i32): usize {
  return at + (triangle(evenOf(n)) << 3);
}

export function leastSquaresPredict(at: usize, n: i32, phi: usize, j: i32): f64 {
  const size = evenOf(n) << 3;
  return dot(weightsOf(at, n) + <usize>j * size, phi, size);
}

/** Writes w_j . phi for all M targets, four at a time: each adds up in the order of one alone. */
export function leastSquaresPredictAll(to: usize, at: usize, n: i32, M: i32, phi: usize): void {
  const size = evenOf(n) << 3;
  let w = weightsOf(at, n);
  let j = 0;
  for (; j + 4 <= M; j += 4) {
    let s0 = f64x2.splat(0);
    let s1 = s0, s2 = s0, s3 = s0;
    const w1 = w + size, w2 = w1 + size, w3 = w2 + size;
    for (let i: usize = 0; i < size; i += 16) {
      const x = v128.load(phi + i);
      s0 = f64x2.add(s0, f64x2.mul(v128.load(w + i), x));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(w1 + i), x));
      s2 = f64x2.add(s2, f64x2.mul(v128.load(w2 + i), x));
      s3 = f64x2.add(s3, f64x2.mul(v128.load(w3 + i), x));
    }
    v128.store(to, f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3)));
    v128.store(to, f64x2.add(v128.shuffle<f64>(s2, s3, 0, 2), v128.shuffle<f64>(s2, s3, 1, 3)), 16);
    to += 32;
    w = w3 + size;
  }
  for (; j < M; j++) {
    store<f64>(to, dot(w, phi, size));
    to += 8;
    w += size;
  }
}

export function leastSquaresLearn(at: usize, n: i32, M: i32, phi: usize, y: usize): void {
  const n2 = evenOf(n);
  const size = n2 << 3;
  const w = at + (triangle(n2) << 3);
  const k = w + <usize>M * size;
  const u = k + size;
  const scale = u + size;
  const ups = scale + (<usize>M << 4);
  const trace = gain(at, k, u, phi, size, load<f64>(ups));
  const forgetting = trace > MOST * FIRST * <f64>n ? 1 : LAMBDA;
  const share = 1 / (forgetting + dot(phi, u, size));
  for (let j: usize = 0; j < <usize>M; j++) {
    const wanted = load<f64>(y + (j << 3));
    if (wanted != wanted) continue;
    const row = w + j * size;
    const step = clipped(scale + (j << 3), <usize>M << 3, wanted - dot(row, phi, size)) * share;
    const steps = f64x2.splat(step);
    for (let i: usize = 0; i < size; i += 16)
      v128.store(row + i, f64x2.add(v128.load(row + i), f64x2.mul(v128.load(u + i), steps)));
  }
  const root = f64x2.splat(Math.sqrt(share));
  for (let i: usize = 0; i < size; i += 16) v128.store(k + i, f64x2.mul(v128.load(u + i), root));
  store<f64>(ups, forgetting == 1 ? 1 : UP);
}

/** Brings P up to date, writes u = P phi, and gives the trace of P. */
function gain(at: usize, k: usize, u: usize, phi: usize, size: usize, up: f64): f64 {
  const ups = f64x2.splat(up);
  let trace: f64 = 0;
  for (let i: usize = 0; i < size; i += 16) v128.store(u + i, f64x2.splat(0));
  for (let i: usize = 0; i < size; i += 16) {
    const width = size - i;
    const k0 = v128.load64_splat(k + i);
    const k1 = v128.load64_splat(k + i, 8);
    const phi0 = v128.load64_splat(phi + i);
    const phi1 = v128.load64_splat(phi + i, 8);
    const kj = v128.load(k + i);
    const phij = v128.load(phi + i);
    const v0 = f64x2.mul(f64x2.sub(v128.load(at), f64x2.mul(k0, kj)), ups);
    const v1 = f64x2.mul(f64x2.sub(v128.load(at + width), f64x2.mul(k1, kj)), ups);
    v128.store(at, v0);
    v128.store(at + width, v1);
    trace = trace + f64x2.extract_lane(v0, 0) + f64x2.extract_lane(v1, 1);
    let s0 = f64x2.mul(v0, phij);
    let s1 = f64x2.mul(v1, phij);
    at += 16;
    for (let j = i + 16; j < size; j += 16) {
      const kj = v128.load(k + j);
      const phij = v128.load(phi + j);
      const v0 = f64x2.mul(f64x2.sub(v128.load(at), f64x2.mul(k0, kj)), ups);
      const v1 = f64x2.mul(f64x2.sub(v128.load(at + width), f64x2.mul(k1, kj)), ups);
      v128.store(at, v0);
      v128.store(at + width, v1);
      s0 = f64x2.add(s0, f64x2.mul(v0, phij));
      s1 = f64x2.add(s1, f64x2.mul(v1, phij));
      v128.store(u + j, f64x2.add(v128.load(u + j), f64x2.add(f64x2.mul(v0, phi0), f64x2.mul(v1, phi1))));
      at += 16;
    }
    at += width;
    const sums = f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3));
    v128.store(u + i, f64x2.add(v128.load(u + i), sums));
  }
  return trace;
}

@inline
function clipped(scale: usize, seenAt: usize, error: f64): f64 {
  const seen = load<f64>(scale + seenAt) + 1;
  store<f64>(scale + seenAt, seen);
  const mean = load<f64>(scale);
  const most = seen > WARM && mean > 0 ? CLIP * mean : f64.POSITIVE_INFINITY;
  store<f64>(scale, mean + (f64.min(f64.abs(error), CLIP * most) - mean) / f64.min(seen, WINDOW));
  return f64.min(most, f64.max(-most, error));
}
