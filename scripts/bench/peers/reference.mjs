/** The numbers that every peer must come to: plain loops in float64, from the equations. */
import { CHECKED_STEPS, WINDOW } from './protocol.mjs';

/**
 * h_t = tanh([x_t | h_{t-1}] W + b) over the first `steps` rows of x, from h = 0. Gives h [steps,N].
 *
 * @param {import('./protocol.mjs').Job} job
 * @param {number} steps
 */
function forward({ features: F, units: N, x, weights: { W, b } }, steps) {
  const h = Array.from({ length: steps }, () => new Float64Array(N));
  for (let t = 0; t < steps; t++)
    for (let j = 0; j < N; j++) {
      let a = b[j];
      for (let i = 0; i < F; i++) a += x[t * F + i] * W[i * N + j];
      if (t > 0) for (let i = 0; i < N; i++) a += h[t - 1][i] * W[(F + i) * N + j];
      h[t][j] = Math.tanh(a);
    }
  return h;
}

/**
 * One update: y_t = h_t Wy + by, loss = the mean over t and outputs of (y_t - x_{t+1})^2, W' = W - lr dloss/dW.
 *
 * @param {import('./protocol.mjs').Job} job
 */
function update(job) {
  const { features: F, units: N, x, weights, learningRate } = job;
  const [W, b, Wy, by] = [weights.W, weights.b, weights.Wy, weights.by].map((part) =>
    Float64Array.from(part),
  );
  const h = forward(job, WINDOW);
  const scale = (2 * learningRate) / (WINDOW * F);
  let next = new Float64Array(N);
  for (let t = WINDOW - 1; t >= 0; t--) {
    const da = new Float64Array(N);
    const dy = Float64Array.from({ length: F }, (_, m) => {
      let y = weights.by[m];
      for (let j = 0; j < N; j++) y += h[t][j] * weights.Wy[j * F + m];
      return scale * (y - x[(t + 1) * F + m]);
    });
    for (let m = 0; m < F; m++) by[m] -= dy[m];
    for (let j = 0; j < N; j++) {
      let dh = 0;
      for (let m = 0; m < F; m++) dh += dy[m] * weights.Wy[j * F + m];
      for (let k = 0; k < N; k++) dh += next[k] * weights.W[(F + j) * N + k];
      for (let m = 0; m < F; m++) Wy[j * F + m] -= h[t][j] * dy[m];
      da[j] = dh * (1 - h[t][j] ** 2);
      b[j] -= da[j];
    }
    for (let j = 0; j < N; j++) {
      for (let i = 0; i < F; i++) W[i * N + j] -= x[t * F + i] * da[j];
      if (t > 0) for (let i = 0; i < N; i++) W[(F + i) * N + j] -= h[t - 1][i] * da[j];
    }
    next = da;
  }
  return { W, b, Wy, by };
}

/**
 * Gives what a peer's check should: the state after 50 steps, or the weights after one update.
 *
 * @param {import('./protocol.mjs').Job} job
 */
export const solve = (job) =>
  job.kind === 'step' ? { h: forward(job, CHECKED_STEPS).at(-1) } : { weights: update(job) };
