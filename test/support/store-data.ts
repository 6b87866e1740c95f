/** Records, checkpoints and listeners for the tests of stores. */
export {
  checkpointAt,
  created,
  Ear,
  recordsOf,
  step,
  steps,
} from '../../src/store/contract/contract-samples.js';

/** Lets all promises that can settle do so. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
