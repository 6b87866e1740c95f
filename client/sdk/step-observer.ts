/** The side of a handle that faces sources of steps. */
import { isObservable } from 'rxjs';
import { EddyError } from '../../src/errors.js';
import type { PushedStep, StepInput, StepSource } from './api.js';
import type { CodedError } from './coded-error.js';
import { SequenceWatch } from './sequence-watch.js';

/** An Observer of steps, and a reader of sources that can wait; SequenceHandle says what each method does. */
export abstract class StepObserver extends SequenceWatch {
  /** A step could not be taken from `next`, so that those after it must not be. */
  private isDeaf = false;

  abstract readonly room: number;
  abstract push(step: StepInput): PushedStep;
  abstract ready(): Promise<void>;
  abstract close(): Promise<void>;

  /** Does `push` take no step any more, for a reason that the user knows? */
  protected abstract readonly isStopped: boolean;
  protected abstract report(error: CodedError, seq: number | null): void;

  next(step: StepInput): void {
    if (this.isDeaf || this.isStopped) return;
    try {
      this.push(step);
    } catch (error) {
      this.isDeaf = true;
      this.report(error as CodedError, null);
    }
  }

  error(reason: unknown): void {
    const why = reason instanceof Error ? reason.message : String(reason);
    this.report(
      new EddyError('input-invalid', `the source of steps failed: ${why}`, { cause: reason }),
      null,
    );
  }

  complete(): void {
    this.close().catch((error: CodedError) => this.report(error, null));
  }

  async pump(source: StepSource): Promise<void> {
    if (isObservable(source)) return source.forEach((step) => void this.push(step));
    if (Symbol.iterator in source) {
      // no waiting while there is room: steps of one turn of the event loop leave as one block
      for (const step of source) {
        if (this.room === 0) await this.ready();
        this.push(step);
      }
      return;
    }
    for await (const step of source) {
      if (this.room === 0) await this.ready();
      this.push(step);
    }
  }
}
