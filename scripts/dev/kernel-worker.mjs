/** The thread that compiles the kernels: once for practice, since only the first time is slow, and then at each message. */
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
// errors are told when a message asks for the kernels
await compileKernels().catch(() => null);
