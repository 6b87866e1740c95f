/** The thread that compiles the kernels: once at the start to warm the compiler up, and then at each message. */
import { parentPort } from 'node:worker_threads';
import { buildKernels, compileKernels } from '../compile-kernels.mjs';

parentPort.on('message', async () => {
  try {
    await buildKernels();
    parentPort.postMessage(null);
  } catch (error) {
    parentPort.postMessage(error.message);
  }
});
// errors are reported when a message asks for the kernels
await compileKernels().catch(() => null);
