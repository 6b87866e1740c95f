/** From the first signal to the end of the process. */
import { type Observable, ReplaySubject, type SchedulerLike } from 'rxjs';

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface LifecycleParts {
  readonly signals$: Observable<Signal>;
  readonly scheduler: SchedulerLike;
  /** Milliseconds that the shutdown may take. */
  readonly limitMs: number;
  readonly stop: () => Promise<void>;
  readonly reload: () => Promise<void>;
  readonly logger: Record<
    'info' | 'warn' | 'error',
    (fields: Record<string, unknown>, message: string) => void
  >;
}

/** Listens for signals to this process. */
export function hearSignals(): Observable<Signal> {
  const signals = new ReplaySubject<Signal>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => signals.next(signal));
  return signals;
}

/**
 * Waits for SIGINT or SIGTERM, then stops. Resolves with the exit code: 0 after a graceful shutdown, 1 if that failed,
 * took too long, or a second signal came. SIGHUP reloads.
 */
export function untilStopped(parts: LifecycleParts): Promise<number> {
  const { signals$, scheduler, limitMs, stop, reload, logger } = parts;
  return new Promise((resolve) => {
    let isStopping = false;
    const begin = async (signal: Signal) => {
      isStopping = true;
      logger.info({ signal }, 'shutting down');
      const limit = scheduler.schedule(() => {
        logger.error({ limitMs }, 'the shutdown took too long');
        resolve(1);
      }, limitMs);
      try {
        await stop();
        logger.info({}, 'stopped');
        resolve(0);
      } catch (error) {
        logger.error({ err: error }, 'the shutdown failed');
        resolve(1);
      }
      limit.unsubscribe();
    };
    signals$.subscribe((signal) => {
      if (signal === 'SIGHUP') void (isStopping || reload());
      else if (!isStopping) void begin(signal);
      else {
        logger.warn({ signal }, 'second signal: exiting at once');
        resolve(1);
      }
    });
  });
}
