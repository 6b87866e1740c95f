/** Sequences outside a server, with a clock that the test moves. */
import { VirtualTimeScheduler } from 'rxjs';
import { sharedKernels } from '../../src/kernels/shared.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/protocol/limits.js';
import { Registry } from '../../src/sequence/registry.js';
import { createMemoryStore } from '../../src/store/memory.js';
import type { Store } from '../../src/store/store.js';

export function createRegistry(
  options: { limits?: Partial<Limits>; store?: Store; onFault?: (error: unknown) => void } = {},
) {
  const scheduler = new VirtualTimeScheduler();
  let epochs = 0;
  const registry = new Registry({
    kernels: sharedKernels(),
    store: options.store ?? createMemoryStore(DEFAULT_LIMITS.unackedSteps),
    scheduler,
    now: () => 0,
    newEpoch: () => `epoch-${++epochs}`,
    onFault: options.onFault ?? (() => undefined),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  });
  return { registry, scheduler };
}

/** Gives the code of the EddyError that `act` throws, or 'none'. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}
