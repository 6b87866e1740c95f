/** Notices when a store fails, and when it can write again: once each, however often it tries in between. */
import type { Clock } from '../../clock.js';
import type { EddyError } from '../../errors.js';
import type { Store } from '../../store/store.js';

export interface StoreWatchParts {
  readonly store: Pick<Store, 'failure'>;
  readonly clock: Pick<Clock, 'monotonic' | 'background'>;
  readonly onFailure: (failure: EddyError) => void;
  /** @param ms how long it could not write */
  readonly onMended: (ms: number) => void;
}

/** Milliseconds between two looks. */
export const LOOK_MS = 200;

/** Watches until `end`, which looks once more. */
export function watchStore({ store, clock, onFailure, onMended }: StoreWatchParts): { end(): void } {
  let since: number | null = null;
  const look = () => {
    const { failure } = store;
    if (failure && since === null) {
      since = clock.monotonic();
      onFailure(failure);
    } else if (!failure && since !== null) {
      onMended(clock.monotonic() - since);
      since = null;
    }
  };
  const timer = clock.background.schedule(function again() {
    look();
    this.schedule(undefined, LOOK_MS);
  }, LOOK_MS);
  return {
    end() {
      timer.unsubscribe();
      look();
    },
  };
}
