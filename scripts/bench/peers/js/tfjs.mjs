/**
 * TensorFlow.js on its wasm or cpu backend. Forms: wasm, cpu (raw ops, the backward pass by hand); wasm-autodiff,
 * cpu-autodiff (raw ops, gradients by TensorFlow.js); wasm-layers, cpu-layers (`layers.simpleRNN`, steps only).
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load, versionOf } from '../packages.mjs';
import { openAutodiff } from './tfjs-autodiff.mjs';
import { openLayers } from './tfjs-layers.mjs';
import { openStep } from './tfjs-step.mjs';
import { openUpdate } from './tfjs-update.mjs';

let tf;

/** @type {import('../protocol.mjs').Peer} */
export const peer = {
  async load(form) {
    const [backend] = form.split('-');
    const packages = ['@tensorflow/tfjs'];
    ({ default: tf } = await load('@tensorflow/tfjs'));
    if (backend === 'wasm') {
      const name = '@tensorflow/tfjs-backend-wasm';
      packages.push(name);
      const { default: wasm } = await load(name);
      wasm.setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve(name)))}/`);
      wasm.setThreadsCount(1);
    }
    await tf.setBackend(backend);
    await tf.ready();
    if (tf.getBackend() !== backend) throw new Error(`the ${backend} backend does not start`);
    return Object.fromEntries(await Promise.all(packages.map(async (name) => [name, await versionOf(name)])));
  },

  open(form, job) {
    const [backend, kind] = form.split('-');
    if (kind === 'layers') return openLayers(tf, job);
    if (kind === 'autodiff') return openAutodiff(tf, job);
    return job.kind === 'step' ? openStep(tf, job) : openUpdate(tf, job, backend === 'wasm');
  },
};
