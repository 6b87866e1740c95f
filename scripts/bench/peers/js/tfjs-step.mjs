/** A step of raw ops: one product, since h, which is read back anyway, goes in with the next x. */
import { CHECKED_STEPS } from '../protocol.mjs';
import { ROWS, rowsOf } from './arrays.mjs';

export function openStep(tf, job) {
  const { features: F, units: N, weights } = job;
  const rows = rowsOf(job);
  const W = tf.tensor2d(weights.W, [F + N, N]);
  const b = tf.tensor1d(weights.b);
  const z = new Float32Array(F + N);
  let at = 0;
  const step = () => {
    z.set(rows[at]);
    at = (at + 1) % ROWS;
    // a tensor keeps the array that it is made of, so it gets one of its own
    const h = tf.tanh(tf.fused.matMul({ a: tf.tensor2d(z.slice(), [1, F + N]), b: W, bias: b }));
    z.set(h.dataSync(), F);
  };
  const run = (count) => {
    for (let i = 0; i < count; i++) tf.tidy(step);
  };
  return {
    check() {
      run(CHECKED_STEPS);
      return { h: z.slice(F) };
    },
    run,
    close: () => tf.dispose([W, b]),
  };
}
