/** A process that pushes a step of an unrelated sequence every few milliseconds; told to, it sends how long the acks took. */
import { connect } from '../../../dist/client/sdk/node.js';

const [url, everyMs] = process.argv.slice(2);
const client = connect(url);
const handle = client.open('unrelated', { spec: { features: 8, units: 32 } });
await handle.opened;
const sent = new Map();
let times = [];
let seq = (await handle.opened).seq;
handle.acked$.subscribe((acked) => {
  for (const [number, at] of sent) {
    if (number > acked) break;
    times.push(performance.now() - at);
    sent.delete(number);
  }
});
setInterval(() => {
  sent.set(++seq, performance.now());
  handle.push(new Float64Array(8).fill(Math.sin(seq)));
}, Number(everyMs));
process.on('message', () => {
  process.send({ times });
  times = [];
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
