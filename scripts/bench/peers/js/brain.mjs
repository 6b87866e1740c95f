/**
 * brain.js 2's recurrent engine with the cell that everybody else has. Its own RNNTimeStep has relu in place of tanh,
 * starts at h = 0 at every `run` (a stream would be run from its beginning at each step), adjusts weights by RMSprop,
 * and keeps of the biases' gradients one step's only. So getEquation is overridden with its own `tanh`, h is copied
 * back into its first layer, the biases' gradients are summed, and the weights take a plain SGD step. All products,
 * forward and backward, are brain.js' own.
 */
import { load, versionOf } from '../packages.mjs';
import { CHECKED_STEPS, WINDOW } from '../protocol.mjs';
import { ROWS, rowsOf, transpose } from './arrays.mjs';

/** @type {any} brain.js' class */
let RNNTimeStep;

/** Makes a network of the job's weights with `steps` equations bound: one step each, one after the other. */
function createNet({ features: F, units: N, weights }, steps) {
  class TanhTimeStep extends RNNTimeStep {
    getEquation(equation, x, h, { weight, transition, bias }) {
      const sum = equation.add(equation.multiply(weight, x), equation.multiply(transition, h));
      return equation.tanh(equation.add(sum, bias));
    }
  }
  const net = new TanhTimeStep({ inputSize: F, hiddenLayers: [N], outputSize: F });
  net.initialize();
  for (let t = 0; t < steps; t++) net.bindEquation();
  const [{ weight, transition, bias }] = net.model.hiddenLayers;
  weight.weights.set(transpose(weights.W.subarray(0, F * N), F, N));
  transition.weights.set(transpose(weights.W.subarray(F * N), N, N));
  bias.weights.set(weights.b);
  net.model.outputConnector.weights.set(transpose(weights.Wy, N, F));
  net.model.output.weights.set(weights.by);
  return net;
}

function openStep(job) {
  const net = createNet(job, 1);
  const [equation] = net.model.equations;
  // without the readout's product and sum
  equation.states.splice(-2);
  const rows = rowsOf(job);
  const [first] = net.initialLayerInputs;
  let at = 0;
  const run = (count) => {
    for (let i = 0; i < count; i++) {
      first.weights.set(equation.runInput(rows[at]).weights);
      at = (at + 1) % ROWS;
    }
  };
  const check = () => {
    run(CHECKED_STEPS);
    return { h: first.weights.slice() };
  };
  return { check, run };
}

function openUpdate(job) {
  const { features: F, units: N, learningRate } = job;
  const net = createNet(job, WINDOW);
  const { equations, equationConnections, hiddenLayers, output, outputConnector } = net.model;
  const [{ weight, transition, bias }] = hiddenLayers;
  const [first] = net.initialLayerInputs;
  const [last] = equationConnections.at(-1);
  const rows = rowsOf(job);
  const rate = (2 * learningRate) / (WINDOW * F);
  let at = 0;

  const descend = ({ weights, deltas }) => {
    for (let i = 0; i < weights.length; i++) weights[i] -= rate * deltas[i];
  };
  const update = () => {
    for (let t = 0; t < WINDOW; t++) equations[t].predictTarget(rows[at + t], rows[at + t + 1]);
    for (let t = WINDOW - 1; t >= 0; t--) {
      equations[t].backpropagate();
      // brain.js leaves this step's gradient there
      descend(bias);
      descend(output);
    }
    descend(weight);
    descend(transition);
    descend(outputConnector);
    first.weights.set(last.weights);
    at = (at + WINDOW) % ROWS;
  };
  return {
    check() {
      update();
      const W = [...transpose(weight.weights, N, F), ...transpose(transition.weights, N, N)];
      const Wy = transpose(outputConnector.weights, F, N);
      return {
        weights: { W: Float32Array.from(W), b: bias.weights.slice(), Wy, by: output.weights.slice() },
      };
    },
    run(count) {
      for (let i = 0; i < count; i++) update();
    },
  };
}

/** @type {import('../protocol.mjs').Peer} */
export const peer = {
  async load() {
    // the browser's bundle needs no native code
    const { default: brain } = await load('brain.js/dist/browser.js');
    ({ RNNTimeStep } = brain.recurrent);
    return { 'brain.js': await versionOf('brain.js') };
  },
  open: (_, job) => (job.kind === 'step' ? openStep(job) : openUpdate(job)),
};
