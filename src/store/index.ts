/** The door `eddy/store`: what a store is, the two that Eddy has, and the contract that one of your own must keep. */
export type { Plain } from '../formats/typed-json.js';
export { type StoreCheck, type StoreUnderTest, storeContract } from './contract/contract.js';
export { openLmdbStore } from './lmdb/lmdb.js';
export type { Changes, Disk, KeyRange } from './log/disk.js';
export { createDurableStore } from './log/durable.js';
export { createMemoryStore } from './memory.js';
export type * from './store.js';
