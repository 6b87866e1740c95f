/**
 * A process that makes the load. For each job it connects, keeps so many frames in flight on each connection for so
 * long, and tells how many steps came back and how long they took. A step is back when its state and its ack are.
 */
import { connectBare, connectEddy } from './client.mjs';
import { createCork, NAMES, namedStepsFrame, SPECS, stepsFrame, writeSeq } from './work.mjs';

const WARM_MS = 150;
/** Latencies that are kept of a run, at most. */
const SAMPLES = 200_000;

const cork = createCork();

process.on('message', (job) => run(job).catch((error) => process.send({ error: String(error?.stack) })));
process.on('disconnect', () => process.exit(0));

async function run(job) {
  const producers = [];
  for (let i = 0; i < job.connections; i++) producers.push(await connectProducer(job, i));
  const watchers = await connectWatchers(job);
  const load = new Load(job, producers, watchers);
  load.start();
  await sleep(WARM_MS);
  process.send({ begin: true });
  load.measure();
  await sleep(job.ms);
  const result = load.result();
  process.send({ end: true });
  await load.stop();
  const clients = [...producers.map(({ client }) => client), ...watchers];
  await Promise.all(clients.map(({ socket }) => closed(socket)));
  process.send({ result });
}

async function connectProducer({ peer, port, work, watchers, named = false }, i) {
  if (peer === 'bare')
    return { client: await connectBare(port, watchers ? '/produce' : '/echo'), channel: 1, next: 0 };
  const client = await connectEddy(port, named);
  const sequence = `${work}-${named ? 'named-' : ''}${i}`;
  const opened = await client.ask({
    type: 'open',
    sequence,
    mode: 'either',
    spec: SPECS[work],
    ...(named && { fields: NAMES }),
  });
  if (!watchers) await client.ask({ type: 'subscribe', sequence, view: 'states' });
  return { client, channel: opened.channel, next: opened.seq + 1 };
}

async function connectWatchers({ peer, port, work, watchers = 0 }) {
  const clients = [];
  for (let i = 0; i < watchers; i++) {
    const client = peer === 'bare' ? await connectBare(port, '/watch') : await connectEddy(port);
    if (peer !== 'bare') await client.ask({ type: 'subscribe', sequence: `${work}-0`, view: 'states' });
    clients.push(client);
  }
  return clients;
}

class Load {
  steps = 0;
  running = true;
  latencies = null;
  taken = 0;

  constructor(job, producers, watchers) {
    this.job = job;
    this.watchers = watchers;
    this.runners = producers.map((producer) => this.runner(producer));
  }

  start() {
    for (const runner of this.runners) runner.fill();
  }

  measure() {
    this.steps = 0;
    this.latencies = new Float64Array(SAMPLES);
    this.began = performance.now();
  }

  result() {
    const seconds = (performance.now() - this.began) / 1000;
    const sorted = this.latencies.subarray(0, this.taken).sort();
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { steps: this.steps, seconds, p50: at(0.5), p99: at(0.99) };
  }

  async stop() {
    this.running = false;
    await Promise.all(this.runners.map((runner) => runner.idle()));
  }

  /** One producer: sends a frame for each that came back. */
  runner({ client, channel, next }) {
    const { job, watchers } = this;
    const frame = (job.named ? namedStepsFrame : stepsFrame)(channel, job.block);
    const sentAt = new Float64Array(job.inFlight);
    const perStep = Math.max(1, watchers.length);
    let [sent, back, states, acked] = [0, 0, 0, 0];
    const base = job.peer === 'bare' ? 0 : next;
    let drained = () => undefined;
    const fill = () => {
      while (this.running && sent - back < job.inFlight) {
        cork(client.stream);
        sentAt[sent % job.inFlight] = performance.now();
        writeSeq(frame, next);
        // `ws` masks a copy of a buffer
        client.socket.send(frame);
        next += job.block;
        sent++;
      }
    };
    const look = () => {
      const now = performance.now();
      const done = Math.floor(Math.min(states / perStep, acked) / job.block);
      if (done === back) return;
      for (; back < done; back++) {
        this.steps += job.block;
        if (this.latencies && this.taken < SAMPLES)
          this.latencies[this.taken++] = now - sentAt[back % job.inFlight];
      }
      fill();
      if (back === sent) drained();
    };
    const onStates = (count) => {
      states += count;
      look();
    };
    client.onAck = (seq) => {
      acked = seq - base;
      look();
    };
    for (const receiver of watchers.length > 0 ? watchers : [client]) receiver.onStates = onStates;
    const idle = () =>
      new Promise((resolve) => {
        drained = resolve;
        if (back === sent) resolve();
      });
    return { fill, idle };
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const closed = (socket) =>
  new Promise((resolve) => {
    socket.once('close', resolve);
    socket.terminate();
  });
