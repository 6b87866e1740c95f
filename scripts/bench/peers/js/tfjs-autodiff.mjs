/** An update as a user writes it: gradients by `variableGrads`, weights by `train.sgd`. */
import { WINDOW } from '../protocol.mjs';
import { forward, readWeights, tensorsOf, windowsOf } from './tfjs-windows.mjs';

export function openAutodiff(tf, job) {
  const next = windowsOf(tf, job);
  const initial = tensorsOf(tf, job);
  /** @type {any} as tensorsOf gives them */
  const variables = Object.fromEntries(
    Object.entries(initial).map(([name, part]) => [name, tf.variable(part)]),
  );
  tf.dispose(initial);
  const optimizer = tf.train.sgd(job.learningRate);
  let first = tf.zeros([1, job.units]);

  const update = () => {
    const { x, target } = next();
    let last;
    optimizer.minimize(() => {
      const states = forward(tf, variables, x, first, (rows) => tf.split(rows, WINDOW));
      last = tf.keep(states.at(-1));
      const y = tf.add(tf.matMul(tf.concat(states), variables.Wy), variables.by);
      return tf.mean(tf.squaredDifference(y, target));
    });
    first.dispose();
    first = last;
  };
  const run = (count) => {
    for (let i = 0; i < count; i++) {
      tf.tidy(update);
      first.dataSync();
    }
  };
  return {
    check() {
      run(1);
      return { weights: readWeights(variables) };
    },
    run,
    close: () => tf.dispose([variables, first]),
  };
}
