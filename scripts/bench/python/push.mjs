/** Pushes blocks with the client in TypeScript, as `push.py` does in Python. */
import { createInterface } from 'node:readline';
import { connect } from '../../../dist/client/sdk/node.js';

const client = connect(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const { name, spec, steps, block, features } = JSON.parse(line);
  const x = Array.from({ length: steps }, (_, t) =>
    Float64Array.from({ length: features }, (_, i) => Math.sin(0.37 * (t * features + i))),
  );
  const handle = client.open(name, { spec, outbox: 16_384 });
  await handle.opened;
  const began = performance.now();
  for (let at = 0; at < steps; at += block) {
    while (handle.room < block) await handle.ready();
    for (const step of x.slice(at, at + block)) handle.push(step);
  }
  await handle.drained();
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
  await handle.close();
}
client.close();
