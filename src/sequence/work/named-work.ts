/** Requests about sequences, in pieces: at once where that is quick, else in turn with all other long work. */
import { Observable, type Subscriber, Subscription } from 'rxjs';
import type { Pieces } from '../../math/pieces.js';
import type { FairTurns } from './fair-turns.js';

export class NamedWork {
  /** What waits for the work on a name, which nothing else may open or make meanwhile. */
  private readonly busy = new Map<string, (() => void)[]>();

  constructor(private readonly turns: FairTurns) {}

  /**
   * Does work on a name on subscription, once all earlier work on it is done, and gives what comes of it. To unsubscribe
   * gives it up.
   *
   * @param owner shares the processor with others
   */
  on<T>(name: string, owner: object, work: () => Pieces<T>): Observable<T> {
    return new Observable((subscriber) => {
      const begun = new Subscription();
      this.enter(name, () => {
        if (begun.closed) return this.leave(name);
        const pieces = work();
        begun.add(() => {
          pieces.return(undefined as T);
          this.leave(name);
        });
        this.run(pieces, owner, begun, subscriber);
      });
      return begun;
    });
  }

  private run<T>(pieces: Pieces<T>, owner: object, begun: Subscription, subscriber: Subscriber<T>): void {
    const { turns } = this;
    /** Does a piece; null when all is done. */
    const piece = (): number | null => {
      let settle: () => void;
      try {
        const { done, value } = pieces.next();
        if (!done) return value;
        settle = () => {
          subscriber.next(value);
          subscriber.complete();
        };
      } catch (error) {
        settle = () => subscriber.error(error);
      }
      // who waits for the name hears after whoever asked before
      settle();
      begun.unsubscribe();
      return null;
    };
    while (turns.mayActNow(turns.pieceWork)) if (piece() === null) return;
    try {
      begun.add(turns.add({ kind: 'beside', owner, piece }));
    } catch (error) {
      begun.unsubscribe();
      subscriber.error(error);
    }
  }

  private enter(name: string, begin: () => void): void {
    const waiting = this.busy.get(name);
    if (waiting) waiting.push(begin);
    else {
      this.busy.set(name, []);
      begin();
    }
  }

  private leave(name: string): void {
    const next = this.busy.get(name)?.shift();
    if (next) next();
    else this.busy.delete(name);
  }
}
