/**
 * An update of raw ops, the backward pass written by hand: products over the whole window wherever there is no recurrence.
 * The wasm backend multiplies transposed matrices by a plain loop, so there they are transposed first; the cpu backend
 * reads them where they are. Rows are cut by reading a matrix back and making tensors of its parts, in a quarter of the
 * time of `split`.
 */
import { WINDOW } from '../protocol.mjs';
import { forward, readWeights, tensorsOf, windowsOf } from './tfjs-windows.mjs';

export function openUpdate(tf, job, transposeFirst) {
  const { features: F, units: N, learningRate } = job;
  const next = windowsOf(tf, job);
  const rate = tf.scalar((-2 * learningRate) / (WINDOW * F));
  const one = tf.scalar(1);
  const cut = (matrix) => {
    const data = matrix.dataSync();
    return Array.from({ length: WINDOW }, (_, t) => tf.tensor2d(data.subarray(t * N, (t + 1) * N), [1, N]));
  };
  const timesTransposed = (a, b) => tf.matMul(a, b, false, true);
  const transposedTimes = (a, b) => (transposeFirst ? tf.matMul(tf.transpose(a), b) : tf.matMul(a, b, true));
  let weights = tensorsOf(tf, job);
  let first = tf.zeros([1, N]);

  /** Gives the weights and the state after the window. All deltas carry the factor -lr. */
  const update = () => {
    const { Wx, Wh, b, Wy, by } = weights;
    const { x, target } = next();
    const states = forward(tf, weights, x, first, cut);
    const h = tf.concat(states);
    const dy = tf.mul(tf.sub(tf.fused.matMul({ a: h, b: Wy, bias: by }), target), rate);
    const slopes = cut(tf.sub(one, tf.square(h)));
    const errors = cut(timesTransposed(dy, Wy));
    const back = transposeFirst ? tf.transpose(Wh) : Wh;
    const carry = transposeFirst ? (d) => tf.matMul(d, back) : (d) => timesTransposed(d, back);

    const deltas = new Array(WINDOW);
    for (let t = WINDOW - 1; t >= 0; t--) {
      const dh = t === WINDOW - 1 ? errors[t] : tf.add(errors[t], carry(deltas[t + 1]));
      deltas[t] = tf.mul(dh, slopes[t]);
    }
    const da = tf.concat(deltas);
    const before = tf.concat([first, ...states.slice(0, -1)]);
    return {
      weights: {
        Wx: tf.add(Wx, transposedTimes(x, da)),
        Wh: tf.add(Wh, transposedTimes(before, da)),
        b: tf.add(b, tf.sum(da, 0)),
        Wy: tf.add(Wy, transposedTimes(h, dy)),
        by: tf.add(by, tf.sum(dy, 0)),
      },
      h: states[WINDOW - 1],
    };
  };
  const run = (count) => {
    for (let i = 0; i < count; i++) {
      const after = tf.tidy(update);
      tf.dispose([weights, first]);
      weights = after.weights;
      first = after.h;
      first.dataSync();
    }
  };
  return {
    check() {
      run(1);
      return { weights: readWeights(weights) };
    },
    run,
    close: () => tf.dispose([weights, first, rate, one]),
  };
}
