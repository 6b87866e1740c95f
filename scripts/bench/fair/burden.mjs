/** A process that burdens a server; see main.mjs. Its arguments: the server, what to do, and with what. */
import { decode, encode } from '@msgpack/msgpack';
import WebSocket from 'ws';
import { connect } from '../../../dist/client/sdk/node.js';

const [url, what, ...args] = process.argv.slice(2);
const told = what === 'push' ? await push(...args) : await comeBack(...args);
process.send(told, () => process.exit(0));

/** Pushes to a sequence as fast as acks allow; gives steps a second. */
async function push(name, units, ms) {
  const client = connect(url);
  const handle = client.open(name, { spec: { features: 8, units: Number(units) } });
  await handle.opened;
  const x = (n) => Float32Array.from({ length: 8 }, (_, f) => Math.sin(n * 0.1 + f));
  let n = 0;
  const began = performance.now();
  while (performance.now() - began < Number(ms)) {
    while (handle.room > 0) handle.push(x(n++));
    await handle.ready();
  }
  await handle.drained();
  const rate = (1000 * n) / (performance.now() - began);
  client.close();
  return { rate };
}

/** Many dashboards subscribe to the views of a sequence from far back; gives how many views had no answer after 60 s. */
async function comeBack(epoch, count) {
  const views = ['states', 'predictions', 'updates', 'metrics', 'inputs', 'events'];
  let waiting = views.length * Number(count);
  await new Promise((resolve) => {
    const answered = () => --waiting === 0 && resolve();
    for (let i = 0; i < Number(count); i++) dashboard({ epoch, seq: 0 }, views, answered);
    setTimeout(resolve, 60_000).unref();
  });
  return { waiting };
}

/** Calls `answered` for each view that is served, or refused. */
function dashboard(after, views, answered) {
  const socket = new WebSocket(`${url}/stream`, ['eddy.v1.msgpack']);
  socket.on('error', () => views.forEach(answered));
  socket.on('open', () => {
    socket.send(encode({ type: 'hello', version: 1 }));
    for (const [id, view] of views.entries())
      socket.send(encode({ type: 'subscribe', id, sequence: 'big', view, delivery: 'latest', after }));
  });
  const open = new Set(views);
  socket.on('message', (bytes) => {
    const message = decode(bytes);
    const view = message.type === 'error' ? views[message.re] : message.type;
    const isFirst = message.type === 'error' || views.includes(message.type);
    if (isFirst && open.delete(view)) answered();
  });
}
