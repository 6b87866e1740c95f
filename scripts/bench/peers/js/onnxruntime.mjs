/**
 * ONNX Runtime, native or WebAssembly, one thread, inference only. Forms: node, web (one RNN node); node-gemm, web-gemm
 * (Gemm and Tanh). Inputs are tensors made once. So are outputs in Node; the web's `run` leaves a given output on the CPU
 * as it was, so there it makes its own.
 */
import { load, versionOf } from '../packages.mjs';
import { CHECKED_STEPS } from '../protocol.mjs';
import { ROWS, rowsOf } from './arrays.mjs';
import { gemmModel, rnnModel } from './onnx-model.mjs';

let ort;
const isNode = (form) => form.startsWith('node');
const isGemm = (form) => form.endsWith('gemm');

/** x and h are inputs; two tensors take turns as h. */
function nodeRnnStep(session, { features: F, units: N }, rows) {
  const x = new ort.Tensor('float32', new Float32Array(F), [1, 1, F]);
  const [even, odd] = [0, 1].map(() => new ort.Tensor('float32', new Float32Array(N), [1, 1, N]));
  const turns = [
    { feeds: { x, h: even }, fetches: { y: odd } },
    { feeds: { x, h: odd }, fetches: { y: even } },
  ];
  return async (t) => {
    const { feeds, fetches } = turns[t % 2];
    x.data.set(rows[t % ROWS]);
    await session.run(feeds, fetches);
    return fetches.y.data;
  };
}

/** x and h are inputs; the output is the next h. */
function webRnnStep(session, { features: F, units: N }, rows) {
  const x = new ort.Tensor('float32', new Float32Array(F), [1, 1, F]);
  const feeds = { x, h: new ort.Tensor('float32', new Float32Array(N), [1, 1, N]) };
  return async (t) => {
    x.data.set(rows[t % ROWS]);
    feeds.h = (await session.run(feeds)).y;
    return feeds.h.data;
  };
}

/** [x | h] is one input; h is copied back into it. */
function gemmStep(session, { features: F, units: N }, rows, isGiven) {
  const z = new ort.Tensor('float32', new Float32Array(F + N), [1, F + N]);
  const feeds = { z };
  const fetches = { y: isGiven ? new ort.Tensor('float32', new Float32Array(N), [1, N]) : null };
  return async (t) => {
    z.data.set(rows[t % ROWS]);
    const { y } = await session.run(feeds, fetches);
    z.data.set(y.data, F);
    return y.data;
  };
}

/** @type {import('../protocol.mjs').Peer} */
export const peer = {
  async load(form) {
    const name = isNode(form) ? 'onnxruntime-node' : 'onnxruntime-web';
    const module = await load(name);
    ort = module.default ?? module;
    if (!isNode(form)) ort.env.wasm.numThreads = 1;
    return { [name]: await versionOf(name) };
  },

  async open(form, job) {
    const session = await ort.InferenceSession.create(isGemm(form) ? gemmModel(job) : rnnModel(job), {
      executionProviders: [isNode(form) ? 'cpu' : 'wasm'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    });
    const openStep = isGemm(form) ? gemmStep : isNode(form) ? nodeRnnStep : webRnnStep;
    const step = openStep(session, job, rowsOf(job), isNode(form));
    let t = 0;
    const run = async (count) => {
      let h;
      for (let i = 0; i < count; i++) h = await step(t++);
      return h;
    };
    return {
      check: async () => ({ h: Float32Array.from(await run(CHECKED_STEPS)) }),
      run: async (count) => void (await run(count)),
      close: () => session.release(),
    };
  },
};
