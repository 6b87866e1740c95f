/** The work of one measurement, on kernels of Eddy's: gives a function that does it once. */
export function createWork(kernels, what, F, N, T, B) {
  const D = F + N;
  const rows = T * B;
  const sizes = {
    z: (rows + B) * D,
    w: D * N,
    b: N,
    wy: N * F,
    by: F,
    y: rows * F,
    dy: rows * F,
    da: rows * N,
    dz: (rows + B) * D,
  };
  const arena = kernels.allocate(Object.values(sizes).reduce((sum, size) => sum + size, 0));
  const { data: m, base } = arena;
  const at = {};
  let next = base;
  for (const [name, size] of Object.entries(sizes)) {
    at[name] = next;
    next += size;
  }
  let seed = 1;
  const fill = (from, count, scale) => {
    for (let i = from; i < from + count; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      m[i] = (seed / 2 ** 32 - 0.5) * scale;
    }
  };
  fill(at.z, sizes.z, 1);
  fill(at.w, sizes.w, 1 / Math.sqrt(D));
  fill(at.wy, sizes.wy, 1 / Math.sqrt(N));
  kernels.pack(m, at.w, D, N);
  kernels.pack(m, at.wy, N, F);
  const { z, w, b } = at;
  const block = () => kernels.simpleRnnForward(m, z, w, b, T, B, F, N);
  const step = () => {
    for (let t = 0; t < T; t++) kernels.simpleRnnForward(m, z + t * D, w, b, 1, 1, F, N);
  };
  if (what === 'step') return step;
  if (what === 'block' || what === 'batch') return block;
  return () => update(kernels, m, at, F, N, T, what === 'update with norm');
}

/** One TBPTT update: forward, linear head to F, squared error against the next x, backward, SGD. */
function update(kernels, m, { z, w, b, wy, by, y, dy, da, dz }, F, N, T, withNorm) {
  const D = F + N;
  const h = z + D + F;
  kernels.simpleRnnForward(m, z, w, b, T, 1, F, N);
  kernels.dense(m, y, h, D, wy, by, T, N, F);
  for (let t = 0; t < T; t++)
    for (let j = 0; j < F; j++)
      m[dy + t * F + j] = (2 / (T * F)) * (m[y + t * F + j] - m[z + (t + 1) * D + j]);
  kernels.denseBackward(m, da, dy, wy, T, N, F);
  kernels.simpleRnnBackward(m, dz, da, z, w, T, 1, F, N);
  if (withNorm) {
    kernels.gradientSquares(m, z, D, da, T, D, N);
    kernels.gradientSquares(m, h, D, dy, T, N, F);
  }
  const settings = { rate: 1e-4, momentum: 0, nesterov: false, decay: 0 };
  const none = { velocity: 0, velocityB: 0, stride: D, R: T };
  kernels.descend(m, { ...none, w, b, a: z, dy: da, A: D, M: N }, settings);
  kernels.descend(m, { ...none, w: wy, b: by, a: h, dy, A: N, M: F }, settings);
}
