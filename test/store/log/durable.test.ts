import { createDurableStore } from '../../../src/store/log/durable.js';
import { storeContract } from '../../contract/store.js';
import { MemoryDisk } from '../../support/memory-disk.js';

storeContract('over a disk in memory', () => {
  const disk = new MemoryDisk();
  let store = createDurableStore(disk);
  return Promise.resolve({
    store,
    reopen: async () => {
      await store.close();
      store = createDurableStore(disk.afterPowerLoss(false));
      return store;
    },
    end: () => store.close(),
  });
});
