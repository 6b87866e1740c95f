/**
 * A process that asks for what was, on sockets of its own, for two seconds again and again, and sends how long each request
 * took. It gives way to all others, so that on few cores its own work does not count as the server's.
 */
import { setPriority } from 'node:os';
import { connect } from '../../../dist/client/sdk/node.js';

const [url, requests, last, steps] = process.argv.slice(2).map((text, i) => (i ? Number(text) : text));
const VIEWS = ['inputs', 'predictions', 'metrics'];
const ROUND_MS = 2000;
setPriority(19);
const clients = Array.from({ length: requests }, () => connect(url));
await Promise.all(clients.map((client) => client.list({ limit: 1 })));

/** Resolves with the milliseconds until all that was asked for is there. */
async function ask(client) {
  const began = performance.now();
  const watch = client.watch('long');
  await Promise.all(VIEWS.map((view) => read(watch, view)));
  return performance.now() - began;
}

const read = (watch, view) =>
  new Promise((resolve, reject) => {
    let count = 0;
    const reading = watch.view(view, { last }).subscribe({
      next: ({ seq }) => {
        count++;
        if (seq < steps - 1) return;
        if (view !== 'metrics' && count !== last) reject(new Error(`${count} ${view}`));
        queueMicrotask(() => reading.unsubscribe());
        resolve();
      },
      error: reject,
    });
  });

process.on('message', async () => {
  const first = await ask(clients[0]);
  const took = [];
  for (const until = performance.now() + ROUND_MS; performance.now() < until; )
    took.push(...(await Promise.all(clients.map(ask))));
  process.send({ first, took });
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
