/** Who is measured: one row each, one process each. */

/**
 * @typedef {object} Row
 * @property {string} name for --only
 * @property {string} label
 * @property {'javascript' | 'python'} host
 * @property {string} module of js/ or python/
 * @property {string} form
 * @property {readonly import('./protocol.mjs').Kind[]} kinds
 */

const STEP = /** @type {const} */ (['step']);
const UPDATE = /** @type {const} */ (['update']);
const BOTH = /** @type {const} */ (['step', 'update']);

/** @returns {Row} */
const row = (host, module, form, name, label, kinds) => ({ host, module, form, name, label, kinds });

/** @type {readonly Row[]} */
export const ROSTER = [
  row('javascript', 'eddy', '', 'eddy', 'Eddy', BOTH),
  row('javascript', 'tfjs', 'wasm', 'tfjs-wasm', 'TF.js wasm, raw ops', BOTH),
  row('javascript', 'tfjs', 'wasm-autodiff', 'tfjs-wasm-autodiff', 'TF.js wasm, variableGrads + sgd', UPDATE),
  row('javascript', 'tfjs', 'wasm-layers', 'tfjs-wasm-layers', 'TF.js wasm, stateful simpleRNN', STEP),
  row('javascript', 'tfjs', 'cpu', 'tfjs-cpu', 'TF.js cpu, raw ops', BOTH),
  row('javascript', 'tfjs', 'cpu-autodiff', 'tfjs-cpu-autodiff', 'TF.js cpu, variableGrads + sgd', UPDATE),
  row('javascript', 'tfjs', 'cpu-layers', 'tfjs-cpu-layers', 'TF.js cpu, stateful simpleRNN', STEP),
  row('javascript', 'onnxruntime', 'node', 'ort-node', 'onnxruntime-node, RNN node', STEP),
  row('javascript', 'onnxruntime', 'node-gemm', 'ort-node-gemm', 'onnxruntime-node, Gemm + Tanh', STEP),
  row('javascript', 'onnxruntime', 'web', 'ort-web', 'onnxruntime-web, RNN node', STEP),
  row('javascript', 'onnxruntime', 'web-gemm', 'ort-web-gemm', 'onnxruntime-web, Gemm + Tanh', STEP),
  row('javascript', 'brain', '', 'brain', 'brain.js, its products, tanh cell', BOTH),
  row('python', 'numpy_peer', '', 'numpy', 'numpy, by hand', BOTH),
  row('python', 'torch_peer', 'ops', 'torch-ops', 'PyTorch, ops by hand', BOTH),
  row('python', 'torch_peer', 'cell', 'torch-cell', 'PyTorch, RNNCell', STEP),
  row('python', 'torch_peer', 'rnn', 'torch-rnn', 'PyTorch, nn.RNN (autograd + SGD)', BOTH),
];

/**
 * Gives the rows whose name begins with one of `names`; all of them for none.
 *
 * @param {string[]} names
 * @throws Error for a name that fits none
 */
export function choose(names) {
  const unknown = names.filter((name) => !ROSTER.some((row) => row.name.startsWith(name)));
  if (unknown.length > 0)
    throw new Error(`no peer ${unknown.join(', ')}; there are ${ROSTER.map((row) => row.name).join(', ')}`);
  return ROSTER.filter((row) => names.length === 0 || names.some((name) => row.name.startsWith(name)));
}
