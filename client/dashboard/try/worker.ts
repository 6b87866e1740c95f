/** Runs one model beside the page, so that the page stays smooth however large the model is. */
import '../strict.js';
import { EddyError } from '../../../src/errors.js';
import { LocalRunner } from './local-runner.js';
import type { FromWorker, ToWorker } from './runner.js';

/** The part of a worker's scope that is used: TypeScript knows the page's instead. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
let runner: LocalRunner | null = null;

scope.onmessage = ({ data }) => {
  try {
    if (data.type === 'start') runner = new LocalRunner(data.spec, data.steps);
    else if (runner) {
      const batch = runner.run(data.block);
      scope.postMessage({ type: 'batch', batch }, [batch.h.buffer, batch.y.buffer]);
    }
  } catch (error) {
    const code = error instanceof EddyError ? error.code : 'sequence-failed';
    scope.postMessage({ type: 'failed', code, message: String((error as Error).message) }, []);
  }
};
