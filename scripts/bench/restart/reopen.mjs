// Fills a data folder and is killed, or opens one and says how long it took until a step was acknowledged.
import { createServer } from '../../../dist/src/server/create-server.js';
import { openLmdbStore } from '../../../dist/src/store/lmdb/lmdb.js';

const [, , mode, folder, what, count] = process.argv;
const spec = { features: 1, units: 8 };
const began = performance.now();
const store = await openLmdbStore(folder);
const opened = performance.now() - began;
const server = createServer({ logLevel: 'silent', store });
const client = await server.client();

if (mode === 'open') {
  const [name] = store.names();
  const handle = client.open(name, { mode: 'resume' });
  await handle.opened;
  handle.push([0.5]);
  await handle.drained();
  process.send({ opened, acked: performance.now() - began }, () => process.kill(process.pid, 'SIGKILL'));
} else if (what === 'many') {
  for (let i = 0; i < Number(count); i++) {
    const handle = client.open(`machine/${i}`, { mode: 'create', spec });
    await handle.opened;
    handle.push([0.5]);
    if (i % 100 === 99) await handle.drained();
    await handle.close();
  }
  await store.flushed();
  process.kill(process.pid, 'SIGKILL');
} else {
  const handle = client.open('long', { mode: 'create', spec });
  await handle.opened;
  for (let t = 0; t < Number(count); ) {
    for (; handle.room > 0 && t < Number(count); t++) handle.push([Math.sin(t / 9)]);
    await handle.drained();
  }
  process.kill(process.pid, 'SIGKILL');
}
