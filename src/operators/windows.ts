import { concat, defer, EMPTY, filter, map, type OperatorFunction, of, tap } from 'rxjs';
import { requireCount } from './operator-options.js';

/** The sizes of truncated BPTT: an update every k1 steps, over at most k2 of them. */
export interface WindowsOptions {
  readonly k1: number;
  /** At least k1. */
  readonly k2: number;
}

/** A stretch of steps for one backward pass. */
export interface StepWindow<T> {
  /** The last k2 steps, or as many as there have been; oldest first. */
  readonly steps: T[];
  /** How many of them, counted from the newest, are in no earlier window: theirs are the losses to inject. */
  readonly fresh: number;
}

/**
 * Cuts a stream into windows for truncated BPTT(k1,k2): every k1 steps the last k2, so that each loss counts once.
 *
 * `fresh` is k1, except that a source which completes between two windows gives a last one with the steps that
 * remain; so the `fresh` of all windows add up to the steps. An error passes on at once, without a last window.
 *
 * Holds the last k2 steps by reference and nothing more, so memory is constant on an endless stream. Give it what
 * the backward pass needs of a step, for instance x and the hidden state that entered it. It emits synchronously, so
 * nothing can overflow.
 *
 * @throws EddyError `setting-invalid` when called with other than integers 1 <= k1 <= k2
 * @example
 * import { windows } from 'eddy';
 * import { range } from 'rxjs';
 *
 * range(1, 5)
 *   .pipe(windows({ k1: 2, k2: 3 }))
 *   .subscribe(({ steps, fresh }) => console.log(steps, fresh)); // [1,2] 2, [2,3,4] 2, [3,4,5] 1
 */
export function windows<T>({ k1, k2 }: WindowsOptions): OperatorFunction<T, StepWindow<T>> {
  requireCount('k1', k1);
  requireCount('k2', k2, k1);
  return (source) =>
    defer(() => {
      const recent: T[] = [];
      let fresh = 0;
      const keep = (step: T) => {
        if (recent.length === k2) recent.shift();
        recent.push(step);
        fresh++;
      };
      const cut = (): StepWindow<T> => {
        const window = { steps: recent.slice(), fresh };
        fresh = 0;
        return window;
      };
      const whole = source.pipe(
        tap(keep),
        filter(() => fresh === k1),
        map(cut),
      );
      const rest = defer(() => (fresh > 0 ? of(cut()) : EMPTY));
      return concat(whole, rest);
    });
}
