import { describe, expect, it } from 'vitest';
import { createMemoryStore, type LogRecord, type Store, storeContract } from '../../src/store/index.js';

/** The ids of the checks that a store fails. */
async function failed(create: () => Store): Promise<string[]> {
  const ids: string[] = [];
  for (const { name, run } of storeContract)
    await run(async () => {
      const store = create();
      return { store, end: () => store.close() };
    }).catch(() => ids.push(/\[(\w+)\]/.exec(name)?.[1] ?? name));
  return [...new Set(ids)];
}

/** A store in memory, one of whose methods is changed. */
const changed = (change: (store: Store) => Partial<Store>) => () => {
  const store = createMemoryStore();
  const parts = change(store);
  return new Proxy(store, {
    get: (target, key) => {
      const value = Reflect.get(key in parts ? parts : target, key);
      return typeof value === 'function' ? value.bind(key in parts ? parts : target) : value;
    },
  });
};

describe('the contract of stores', () => {
  it('[STO30] is kept by the store in memory', async () => {
    expect(await failed(createMemoryStore)).toEqual([]);
  });

  it('[STO30] finds a store that orders names otherwise', async () => {
    const store = changed((inner) => ({
      names: (after?: string) => [...inner.names(after)].sort((a, b) => a.localeCompare(b)),
    }));
    expect(await failed(store)).toEqual(['STO6']);
  });

  it('[STO30] finds a store that removes what is open', async () => {
    expect(await failed(changed(() => ({ remove: async () => undefined })))).toEqual([
      'STO7',
      'STO9',
      'STO32',
    ]);
  });

  it('[STO30] finds a store that keeps the arrays of its caller', async () => {
    const store = changed((inner) => ({
      open(name, listener) {
        const sequence = inner.open(name, listener);
        const given: LogRecord[] = [];
        return new Proxy(sequence, {
          get: (target, key) => {
            if (key === 'append')
              return (record: LogRecord) => {
                given.push(record);
                return target.append(record);
              };
            if (key === 'records')
              return (from: number) =>
                Array.from(target.records(from), ({ position }) => ({ position, record: given[position] }));
            const value = Reflect.get(target, key);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
    }));
    expect(await failed(store)).toContain('STO2');
  });
});
