/** The compiler of the WebAssembly kernels, kept loaded in a thread: a cold start takes three times as long. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export class Kernels {
  #worker = new Worker(new URL('./kernel-worker.mjs', import.meta.url));

  /** Compiles the kernels and writes src/kernels/module.ts. Gives the compiler's words if that fails, or else null. */
  async compile() {
    this.#worker.postMessage('compile');
    const [error] = await once(this.#worker, 'message');
    return error;
  }

  end() {
    return this.#worker.terminate();
  }
}
