/** One contestant of bench:frame: connections of a checkout on sockets that keep nothing. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asyncScheduler } from 'rxjs';

const [root, settings] = process.argv.slice(2);
const { sockets, block, learning, named } = JSON.parse(settings);
/** How numbers travel: as float32, or, with names and times, as float64. */
const form = { packed: true, float64: named };
const F = 8;
const spec = { features: F, units: 64, ...(!learning && { readout: { kind: 'none' } }) };

const from = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
const { Codec } = await from('protocol/codec.js');
const { DEFAULT_LIMITS } = await from('limits.js');
const { LocalDirectory } = await from('sequence/local-directory.js');
const { Registry } = await from('sequence/registry.js');
const { createMemoryStore } = await from('store/memory.js');
const { createTelemetry } = await from('server/telemetry/telemetry.js');
const { Connection } = await from('server/socket/connection.js');
const { EVERYTHING } = await from('server/auth/access.js');
const { sharedKernels } = await from('kernels/shared.js');

const NAMES = Array.from({ length: F }, (_, i) => ({ name: `sensor ${i}`, unit: '°C' }));

const onFault = (error) => {
  throw error;
};
const limits = { ...DEFAULT_LIMITS, stepsPerSecond: 1e12, requestsPerSecond: 1e9 };
const clock = { monotonic: () => performance.now(), wall: () => Date.now(), scheduler: asyncScheduler };
const telemetry = createTelemetry();
const registry = new Registry({
  kernels: sharedKernels(),
  store: createMemoryStore(),
  clock,
  newEpoch: () => 'epoch',
  limits,
  keeping: { steps: 1e9, ms: 1e9, idleMs: 1e9 },
  past: { steps: 100_000, ms: 1e12, bytes: 64 * 2 ** 20, stateBytes: 256 * 1024 },
  counters: telemetry.sequences,
  onFault,
});
const directory = new LocalDirectory(registry, clock);

let waiting = [];
const endTurn = () => {
  const works = waiting;
  waiting = [];
  for (const work of works) work();
};

function connect(i) {
  const codec = new Codec('msgpack', limits);
  const nothing = () => undefined;
  const socket = { bufferedAmount: 0, write: nothing, ping: nothing, pause: nothing, resume: nothing };
  const connection = new Connection({
    socket: { ...socket, close: onFault, terminate: onFault },
    codec,
    encode: (message, packed) => codec.encode(message, packed),
    directory,
    limits,
    clock,
    atTurnEnd: (work) => waiting.push(work),
    counters: telemetry.wire,
    guard: { check: nothing },
    server: 'bench',
    access: EVERYTHING,
    admit: async () => EVERYTHING,
    onFault,
  });
  const sequence = `bench-${i}`;
  connection.receive(
    codec.encode({ type: 'hello', version: 1, packed: true, ...(named && { float64: true }) }),
  );
  connection.receive(
    codec.encode({ type: 'open', id: 1, sequence, mode: 'either', spec, ...(named && { fields: NAMES }) }),
  );
  connection.receive(codec.encode({ type: 'subscribe', id: 2, sequence, view: 'states' }));
  endTurn();
  const x = Float64Array.from({ length: F * block }, (_, at) => Math.sin(at));
  const t = named && { t: new Float64Array(block).fill(Date.now()) };
  const steps = { type: 'steps', channel: i + 1, seq: 0, count: block, x, ...t };
  return { connection, frame: Buffer.from(codec.encode(steps, form)) };
}

const all = Array.from({ length: sockets }, (_, i) => connect(i));
let seq = 0;
function run(times) {
  for (let i = 0; i < times; i++) {
    for (const { connection, frame } of all) {
      frame.writeBigUInt64LE(BigInt(seq), 8);
      connection.receive(frame);
      endTurn();
    }
    seq += block;
  }
}

const times = Math.max(1, Math.round(1200 / block / sockets));
run(40 * times);
process.on('message', () => {
  const began = process.hrtime.bigint();
  run(times);
  process.send(Number(process.hrtime.bigint() - began) / times / sockets);
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
