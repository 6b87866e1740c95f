/** What the two forms of an update share: tensors of a job's weights, its windows, and their way back. */
import { WINDOW, WINDOWS } from '../protocol.mjs';

export function tensorsOf(tf, { features: F, units: N, weights }) {
  return {
    Wx: tf.tensor2d(weights.W.slice(0, F * N), [F, N]),
    Wh: tf.tensor2d(weights.W.slice(F * N), [N, N]),
    b: tf.tensor1d(weights.b.slice()),
    Wy: tf.tensor2d(weights.Wy.slice(), [N, F]),
    by: tf.tensor1d(weights.by.slice()),
  };
}

export function readWeights({ Wx, Wh, b, Wy, by }) {
  const W = Float32Array.from([...Wx.dataSync(), ...Wh.dataSync()]);
  return { W, b: b.dataSync().slice(), Wy: Wy.dataSync().slice(), by: by.dataSync().slice() };
}

/** Gives the next window at each call: x and its targets, one step later, as new tensors [T,F]. */
export function windowsOf(tf, { features: F, x }) {
  let window = 0;
  const rows = (from) => tf.tensor2d(x.slice(from * F, (from + WINDOW) * F), [WINDOW, F]);
  return () => {
    const from = window * WINDOW;
    window = (window + 1) % WINDOWS;
    return { x: rows(from), target: rows(from + 1) };
  };
}

/** Gives the states [1,N] of a window: x Wx + b in one product for all steps, cut into rows, then step by step. */
export function forward(tf, { Wx, Wh, b }, x, first, cut) {
  let h = first;
  return cut(tf.add(tf.matMul(x, Wx), b)).map((a) => {
    h = tf.tanh(tf.add(a, tf.matMul(h, Wh)));
    return h;
  });
}
