/** Runs one JavaScript peer in a process of its own: `node host.mjs <module of js/> <form>`. */
import { createInterface } from 'node:readline';
import { MissingError } from './packages.mjs';
import { toLine, withTensors } from './protocol.mjs';

const [module, form] = process.argv.slice(2);
// libraries greet on stdout, which is the protocol's
console.log = console.error;
console.info = console.error;

/** @param {unknown} message */
const answer = (message) => process.stdout.write(toLine(message));

/** @type {import('./protocol.mjs').Session | undefined} */
let session;
/** Microseconds of one step or update, as last seen. */
let us = 0;

/** @param {number} count */
async function time(count) {
  const from = performance.now();
  await session.run(count);
  us = ((performance.now() - from) * 1000) / count;
}

/** Runs for `seconds`, in growing counts, so that code is compiled and caches are filled. @param {number} seconds */
async function warmUp(seconds) {
  const end = performance.now() + seconds * 1000;
  for (let count = 1; performance.now() < end; count *= 2) await time(count);
}

/** @param {import('./protocol.mjs').Peer} peer @param {any} request */
async function handle(peer, { open, seconds, time: duration, close }) {
  if (open) {
    session = await peer.open(form, withTensors(open));
    const { weights } = session;
    // a copy, since the result may be a view of what the warm-up writes to
    const result = structuredClone(await session.check());
    await warmUp(seconds);
    return { result, weights };
  }
  if (duration) {
    await time(Math.max(1, Math.round((duration * 1e6) / us)));
    return { us };
  }
  if (close) {
    await session?.close?.();
    session = undefined;
  }
  return {};
}

try {
  const { peer } = await import(`./js/${module}.mjs`);
  answer({ versions: await peer.load(form) });
  for await (const line of createInterface({ input: process.stdin }))
    answer(await handle(peer, JSON.parse(line)).catch((error) => ({ error: error.message.split('\n')[0] })));
  process.exit(0);
} catch (error) {
  if (!(error instanceof MissingError)) throw error;
  answer({ missing: error.message });
}
