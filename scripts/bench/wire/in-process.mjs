/** A process that does the work of the learning server without a wire: blocks of steps through a model, h copied out. */
import { Model } from '../../../dist/src/index.js';
import { createKernels } from '../../../dist/src/kernels/shared.js';
import { BLOCK, FEATURES, SPECS, signal, UNITS } from './work.mjs';

const models = new Map();
const x = signal(BLOCK);

process.on('message', ({ work, ms }) => {
  const model = modelOf(work);
  carry(model, 150);
  const cpu = process.cpuUsage();
  const { steps, seconds } = carry(model, ms);
  const { user, system } = process.cpuUsage(cpu);
  process.send({ steps, seconds, cpu: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });

function modelOf(work) {
  if (!models.has(work))
    models.set(
      work,
      new Model(SPECS[work], { kernels: createKernels(console.error), now: () => performance.now() }),
    );
  return models.get(work);
}

function carry(model, ms) {
  const began = performance.now();
  let steps = 0;
  let elapsed = 0;
  for (; elapsed < ms; elapsed = performance.now() - began) {
    const states = new Float32Array(BLOCK * UNITS);
    for (let t = 0; t < BLOCK; t++)
      states.set(model.step(x.subarray(t * FEATURES, (t + 1) * FEATURES)).h, t * UNITS);
    steps += BLOCK;
  }
  return { steps, seconds: elapsed / 1000 };
}
