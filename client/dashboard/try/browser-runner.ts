/** A runner that runs in a worker of this page. */
import { type Observable, Subject } from 'rxjs';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { ClientError } from '../../sdk/index.js';
import {
  type Batch,
  type Block,
  type FromWorker,
  MAX_UNDER_WAY,
  type Runner,
  type ToWorker,
} from './runner.js';

/** What is used of a Worker. */
export interface WorkerLike {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: ToWorker, transfer: Transferable[]): void;
  terminate(): void;
}

export class BrowserRunner implements Runner {
  private readonly batches = new Subject<Batch>();
  private underWay = 0;

  constructor(
    private readonly worker: WorkerLike,
    spec: ModelSpecInput,
    steps: number,
  ) {
    worker.onmessage = ({ data }) => this.receive(data);
    worker.onerror = ({ message }) =>
      this.batches.error(
        new ClientError('sequence-failed', message || 'the worker could not be loaded', false),
      );
    worker.postMessage({ type: 'start', spec, steps }, []);
  }

  get batches$(): Observable<Batch> {
    return this.batches.asObservable();
  }

  get room(): number {
    return MAX_UNDER_WAY - this.underWay;
  }

  push(block: Block): void {
    this.underWay += block.count;
    this.worker.postMessage({ type: 'run', block }, []);
  }

  close(): void {
    this.worker.terminate();
    this.batches.complete();
  }

  private receive(message: FromWorker): void {
    if (message.type === 'failed') {
      this.batches.error(new ClientError(message.code, message.message, false));
      return;
    }
    this.underWay -= message.batch.count;
    this.batches.next(message.batch);
  }
}

export const startWorker = (): WorkerLike =>
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'eddy model' }) as WorkerLike;
