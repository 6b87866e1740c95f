import { createMemoryStore } from '../../src/store/memory.js';
import { storeContract } from '../contract/store.js';

storeContract('in memory', async () => {
  const store = createMemoryStore();
  return { store, end: () => store.close() };
});
