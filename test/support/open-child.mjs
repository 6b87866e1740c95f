// A process of its own that begins to open the store of a folder, and is killed so many milliseconds later.
import { openLmdbStore } from '../../dist/src/store/lmdb/lmdb.js';

const [, , folder, ms] = process.argv;
const kill = () => process.kill(process.pid, 'SIGKILL');

// the native parts are loaded before, so that the time counts from the first touch of the folder
await Promise.all([import('lmdb'), import('fs-native-extensions')]);
setTimeout(kill, Number(ms));
const store = await openLmdbStore(folder);
await store.flushed();
kill();
