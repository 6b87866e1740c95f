/** A step of `layers.simpleRNN({ stateful: true })`: the layer applied, which is a third of `predictOnBatch`. */
import { CHECKED_STEPS } from '../protocol.mjs';
import { ROWS, rowsOf } from './arrays.mjs';

export function openLayers(tf, job) {
  const { features: F, units: N, weights } = job;
  const rows = rowsOf(job);
  // its default orthogonal matrix takes seconds to make
  const layer = tf.layers.simpleRNN({
    units: N,
    stateful: true,
    recurrentInitializer: 'zeros',
    batchInputShape: [1, 1, F],
  });
  tf.tidy(() => layer.apply(tf.zeros([1, 1, F])));
  layer.resetStates();
  const [wx, wh] = [weights.W.subarray(0, F * N), weights.W.subarray(F * N)];
  const tensors = [tf.tensor2d(wx, [F, N]), tf.tensor2d(wh, [N, N]), tf.tensor1d(weights.b)];
  layer.setWeights(tensors);
  tf.dispose(tensors);
  let at = 0;
  let h;
  const step = () => {
    h = layer.apply(tf.tensor3d(rows[at].slice(), [1, 1, F])).dataSync();
    at = (at + 1) % ROWS;
  };
  const run = (count) => {
    for (let i = 0; i < count; i++) tf.tidy(step);
  };
  return {
    check() {
      run(CHECKED_STEPS);
      return { h: Float32Array.from(h) };
    },
    run,
    close: () => layer.dispose(),
  };
}
