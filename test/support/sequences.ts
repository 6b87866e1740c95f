/** Sequences outside a server, with a clock that the test moves. */
import { VirtualTimeScheduler } from 'rxjs';
import { sharedKernels } from '../../src/kernels/shared.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.js';
import { PAST_LIMITS, type PastLimits } from '../../src/sequence/past/past.js';
import { type Keeping, Registry } from '../../src/sequence/registry.js';
import type { Grain } from '../../src/sequence/work/fair-turns.js';
import { createTelemetry } from '../../src/server/telemetry/telemetry.js';
import { createMemoryStore } from '../../src/store/memory.js';
import type { Store } from '../../src/store/store.js';
import { virtualClock } from './virtual-clock.js';

export function createRegistry(
  options: {
    limits?: Partial<Limits>;
    store?: Store;
    onFault?: (error: unknown) => void;
    epochs?: string;
    keeping?: Partial<Keeping>;
    past?: Partial<PastLimits>;
    grain?: Grain;
    scheduler?: VirtualTimeScheduler;
    wall?: () => number;
  } = {},
) {
  const { scheduler = new VirtualTimeScheduler() } = options;
  let epochs = 0;
  const registry = new Registry({
    kernels: sharedKernels(),
    store: options.store ?? createMemoryStore(),
    clock: { ...virtualClock(scheduler), wall: options.wall ?? (() => scheduler.now()) },
    newEpoch: () => `${options.epochs ?? 'epoch'}-${++epochs}`,
    onFault: options.onFault ?? (() => undefined),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    keeping: { steps: 4096, ms: 60_000, idleMs: 300_000, ...options.keeping },
    past: { ...PAST_LIMITS, ...options.past },
    counters: createTelemetry().sequences,
    ...(options.grain && { grain: options.grain }),
  });
  return { registry, scheduler };
}

/** Cuts all work as finely as can be: each piece is a slice of its own. */
export const FINE: Grain = { work: 1, ms: 0, piece: 1 };

/** Gives the code of the EddyError that `act` throws, or 'none'. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}
