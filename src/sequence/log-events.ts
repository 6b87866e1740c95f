import { Subject } from 'rxjs';
import type { StoreListener } from '../store/store.js';

/** The store's reports on one log, as streams. */
export class LogEvents implements StoreListener {
  /** The records before a position are durable. */
  readonly durable$ = new Subject<number>();
  /** A checkpoint is durable. */
  readonly kept$ = new Subject<{ readonly position: number; readonly bytes: number }>();

  onDurable(end: number): void {
    this.durable$.next(end);
  }

  onCheckpoint(checkpoint: { readonly position: number; readonly bytes: number }): void {
    this.kept$.next(checkpoint);
  }
}
