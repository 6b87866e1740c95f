/** Runs the contract of stores, the one that `eddy/store` exports, with this project's test runner. */
import { describe, it } from 'vitest';
import { storeContract as checks, type StoreUnderTest } from '../../src/store/contract/contract.js';

export type { StoreUnderTest };

export function storeContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`the store ${name}`, () => {
    for (const { name, run } of checks) it(name, () => run(create));
  });
}
