// A process of its own with a data folder: makes one and is killed, or opens damaged ones and says what it finds in them.
import { copyFileSync } from 'node:fs';
import { createServer, openRegistry } from '../../dist/src/server/create-server.js';
import { openLmdbStore } from '../../dist/src/store/lmdb/lmdb.js';

const [, , mode, folder, copies] = process.argv;

/** Steps of each sequence; the first has checkpoints, a shortened log and a past. */
const STEPS = { one: 1150, two: 250, three: 30 };

if (mode === 'make') {
  const store = await openLmdbStore(folder);
  const server = createServer({ logLevel: 'silent', store, checkpoint: { steps: 400, ms: 86_400_000 } });
  const client = await server.client();
  for (const [name, steps] of Object.entries(STEPS)) {
    const handle = client.open(name, { mode: 'create', spec: { features: 1, units: 8 } });
    await handle.opened;
    for (let n = 0; n < steps; n++) {
      handle.push([Math.sin(n * 0.3) + 0.1 * (n % 7)]);
      if (n % 10 === 9) await handle.drained();
      if (n % (steps > 500 ? 50 : 10) === 9) copyFileSync(`${folder}/data.mdb`, `${copies}/${name}-${n}`);
    }
    await handle.drained();
  }
  process.send({ names: Object.keys(STEPS) }, () => process.kill(process.pid, 'SIGKILL'));
} else {
  const hash = (numbers) => {
    let sum = 2166136261;
    for (const byte of new Uint8Array(Float32Array.from(numbers).buffer))
      sum = Math.imul(sum ^ byte, 16777619);
    return sum >>> 0;
  };
  process.on('message', async ({ damaged }) => {
    const found = { names: {} };
    let registry;
    try {
      registry = await openRegistry(damaged);
    } catch (error) {
      process.send({ refused: String(error.code ?? error) });
      return;
    }
    for (const name of Object.keys(STEPS)) {
      try {
        const sequence = registry.get(name);
        const { W, b, Wy, by } = sequence.model.weights;
        const bits = [sequence.model.last().h, W, b, Wy, by].map(hash).join();
        found.names[name] = { seq: sequence.seq, epoch: sequence.epoch, bits };
      } catch (error) {
        found.names[name] = { error: String(error.code ?? error) };
      }
    }
    try {
      await registry.end();
    } catch (error) {
      found.end = String(error.code ?? error);
    }
    process.send(found);
  });
  process.send({ ready: true });
}
