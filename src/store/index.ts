/** The door `eddy/store`: the interface of a store, Eddy's two stores, and the contract that your own must keep. */
export type { Plain } from '../formats/typed-json.js';
export { type StoreCheck, type StoreUnderTest, storeContract } from './contract/contract.js';
export { openLmdbStore } from './lmdb/lmdb.js';
export type { Changes, Disk, KeyRange } from './log/disk.js';
export { createDurableStore } from './log/durable.js';
export { createMemoryStore } from './memory.js';
export type * from './store.js';
