/**
 * A server that is killed again and again while producers push and a subscriber listens. What they push hangs on the
 * number of the step alone, so that it can be told afterwards what a sequence must be that was never disturbed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { connect, type PushedStep, type SequenceHandle } from '../../client/sdk/node.js';
import { systemClock } from '../../src/clock.js';
import { sharedKernels } from '../../src/kernels/shared.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { PAST_LIMITS } from '../../src/sequence/past/past.js';
import { Registry } from '../../src/sequence/registry.js';
import { createTelemetry } from '../../src/server/telemetry/telemetry.js';
import { openLmdbStore } from '../../src/store/lmdb/lmdb.js';
import { bitsOf, replayedBits, timesOf } from './replay.js';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Producer {
  readonly name: string;
  readonly spec: ModelSpecInput;
  /** Steps that are pushed in one turn. */
  readonly block: number;
  /** So many turns after its step a target comes, in an order of its own. */
  readonly lateBy?: number;
}

const SUPERVISED = { kind: 'supervised', outputs: 1, delay: 0 } as const;

const inputs = { missing: 'hold' } as const;

/**
 * Its targets come late, in reverse, and of one step in seven none does: so each block of 8 is learned when the time of its
 * targets is over, and without a scaler the weights do not depend on when each of them came, only on that it counted once.
 */
const LATE: Producer = {
  name: 'late',
  spec: {
    features: 2,
    units: 8,
    scaler: { kind: 'none' },
    learner: { kind: 'tbptt', k1: 8, k2: 16 },
    task: { ...SUPERVISED, delay: 200 },
    inputs,
  },
  block: 3,
  lateBy: 4,
};

export const PRODUCERS: readonly Producer[] = [
  { name: 'forecast', spec: { features: 2, units: 8, inputs }, block: 1 },
  { name: 'blocks', spec: { features: 3, units: 16, season: 24, inputs }, block: 17 },
  { name: 'supervised', spec: { features: 2, units: 8, task: SUPERVISED, inputs }, block: 4 },
  LATE,
  { name: 'rtrl', spec: { features: 1, units: 4, learner: { kind: 'rtrl', k1: 2 }, inputs }, block: 3 },
];

const xOf = ({ spec }: Producer, t: number) =>
  Float64Array.from(
    { length: spec.features },
    (_, i) => Math.sin(t * (0.1 + 0.07 * i)) + ((t * 7919) % 13) / 50,
  );
const targetOf = ({ spec }: Producer, t: number) =>
  spec.task?.kind === 'supervised' ? Float64Array.of(Math.cos(t * 0.1)) : undefined;
/** Of one step in seven, the target never comes. */
const isTaught = (t: number) => t % 7 > 0;

export interface KillOptions {
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  /** Milliseconds that a server lives, at least and at most. */
  readonly life: readonly [number, number];
}

export interface KillReport {
  readonly kills: number;
  readonly steps: Readonly<Record<string, number>>;
  /** Where a server knew less than it had acked. */
  readonly lost: readonly string[];
  /** Sequences that are not what they would be if nothing had happened. */
  readonly wrong: readonly string[];
  /** States that the subscriber got, of them twice, and steps that it was told it missed. */
  readonly seen: { readonly states: number; readonly again: number; readonly skipped: number };
  /** Steps whose state it never got, and was not told of; states that came again with other bits. */
  readonly holes: readonly number[];
}

/** Kills servers on one folder, and tells what became of the sequences. */
export async function killAndCompare({ folder, kills, seed, life }: KillOptions): Promise<KillReport> {
  const random = xoroshiro128plus(seed);
  const draw = (low: number, high: number) => low + ((random.next() >>> 0) % (high - low + 1));
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}`;
  let server = await serve(folder, port);
  const clients = PRODUCERS.map(() => connect(url, { backOff: { min: 10, max: 50 } }));
  const lost: string[] = [];
  const isOver = { now: false };
  const runs = PRODUCERS.map((producer, i) => produce(producer, clients[i]!, isOver, lost));
  const subscriber = subscribe(url);

  for (let i = 0; i < kills; i++) {
    await new Promise((resolve) => setTimeout(resolve, draw(...life)));
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
    server = await serve(folder, port);
  }
  isOver.now = true;
  const totals = await Promise.all(runs);
  const seen = await subscriber.end(totals[0]! - 1);
  for (const client of clients) client.close();
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
  const wrong = await compare(folder, totals);
  const steps = Object.fromEntries(PRODUCERS.map(({ name }, i) => [name, totals[i]!]));
  return { kills, steps, lost, wrong, ...seen };
}

/** Pushes until it is over and all is acked; gives how many steps there were. */
async function produce(
  producer: Producer,
  client: ReturnType<typeof connect>,
  isOver: { readonly now: boolean },
  lost: string[],
): Promise<number> {
  const handle: SequenceHandle = client.open(producer.name, { spec: producer.spec });
  const watch = ({ error }: { error: { code: string; message: string } }) =>
    lost.push(`${producer.name}: ${error.code} ${error.message}`);
  handle.errors$.subscribe({ next: watch, error: () => undefined });
  const waiting: PushedStep[][] = [];
  const taught: Promise<void>[] = [];
  const teach = async (steps: readonly PushedStep[]) => {
    for (const step of steps) {
      while (step.seq === null || handle.unackedTargets > 200)
        await new Promise((resolve) => setTimeout(resolve, 1));
      taught.push(handle.learn(step, targetOf(producer, step.seq)!));
    }
  };
  let t = 0;
  while (!isOver.now) {
    const pushed: PushedStep[] = [];
    for (let i = 0; i < producer.block && handle.room > 0; i++, t++) {
      const target = producer.lateBy === undefined ? targetOf(producer, t) : undefined;
      const step = handle.push(xOf(producer, t), target);
      if (producer.lateBy !== undefined && isTaught(t)) pushed.push(step);
    }
    waiting.push(pushed.reverse());
    if (waiting.length > (producer.lateBy ?? 0)) await teach(waiting.shift()!);
    if (handle.room === 0) await handle.ready();
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const steps of waiting) await teach(steps);
  await handle.drained();
  for (const one of await Promise.allSettled(taught))
    if (one.status === 'rejected') lost.push(`${producer.name}: ${one.reason}`);
  return t;
}

/** Listens to the first sequence through all kills. */
function subscribe(url: string) {
  const client = connect(url, { backOff: { min: 10, max: 50 } });
  const states = new Map<number, string>();
  const holes: number[] = [];
  let again = 0;
  let skipped = 0;
  let onStep: (seq: number) => void = () => undefined;
  client.watch(PRODUCERS[0]!.name).states$.subscribe(({ seq, skipped: missed, h }) => {
    const bits = Buffer.from(h.buffer, h.byteOffset, h.byteLength).toString('base64');
    const before = states.get(seq);
    if (before !== undefined) again++;
    if (before !== undefined && before !== bits) holes.push(seq);
    states.set(seq, bits);
    skipped += missed;
    onStep(seq);
  });
  return {
    /** Waits for the state of the last step. */
    async end(last: number) {
      if (!states.has(last))
        await new Promise<void>((resolve) => {
          onStep = (seq) => seq === last && resolve();
        });
      client.close();
      const first = Math.min(...states.keys());
      let unseen = 0;
      for (let seq = first; seq <= last; seq++) if (!states.has(seq)) unseen++;
      if (unseen > skipped) holes.push(-unseen);
      return { seen: { states: states.size, again, skipped }, holes };
    },
  };
}

/** Names the sequences of the folder that differ from those that were never disturbed. */
async function compare(folder: string, totals: readonly number[]): Promise<string[]> {
  const wrong: string[] = [];
  const registry = await openFolder(folder, (error) => wrong.push(String(error)));
  for (const [i, producer] of PRODUCERS.entries()) {
    const sequence = registry.get(producer.name);
    if (sequence.seq !== totals[i]! - 1)
      wrong.push(`${producer.name}: ${sequence.seq + 1} steps, not ${totals[i]}`);
    // servers stamped the steps when they came
    const times = await timesOf(sequence);
    if (producer.lateBy !== undefined) {
      const { scored } = sequence.model.metrics;
      const wanted = plainLate(producer, times);
      if (scored !== wanted.scored)
        wrong.push(`${producer.name}: ${scored} targets count, not ${wanted.scored}`);
      if (numbersOf(sequence.model) !== wanted.numbers) wrong.push(`${producer.name}: other bits`);
      continue;
    }
    const plain = replayedBits(producer.spec, times.length, (t) => ({
      x: xOf(producer, t),
      t: times[t]!,
      target: targetOf(producer, t),
    }));
    if (bitsOf(sequence.model) !== plain) wrong.push(`${producer.name}: other bits`);
  }
  await registry.end();
  return wrong;
}

/** A plain replay of a sequence whose targets come late: how many count, and its numbers. */
function plainLate(producer: Producer, times: readonly number[]) {
  const model = new Model(producer.spec);
  const teach = (t: number) => t >= 0 && isTaught(t) && model.learn(targetOf(producer, t)!, t);
  for (const [t, time] of times.entries()) {
    model.step(xOf(producer, t), time);
    teach(t - producer.block);
  }
  for (let t = times.length - producer.block; t < times.length; t++) teach(t);
  const { scored } = model.metrics;
  const numbers = numbersOf(model);
  model.free();
  return { scored, numbers };
}

/** Weights and moments, h and how far it has learned; rows of the window that are not used any more hold what came when. */
function numbersOf(model: Model): string {
  const { numbers, learner } = model.snapshot();
  const { features: F, units: N } = LATE.spec as { features: number; units: number };
  const parameters = (F + N) * N + N + N + 1;
  return JSON.stringify([[...numbers.slice(0, 3 * parameters)], [...model.last().h], learner]);
}

/** The past of all steps is kept, so that their times can be read back. */
const WHOLE_PAST = { steps: 1e9, bytes: 2 ** 34 };
const WHOLE_PAST_ENV = {
  EDDY_HISTORY_STEPS: String(WHOLE_PAST.steps),
  EDDY_HISTORY_BYTES: String(WHOLE_PAST.bytes),
};

/** The sequences of a data folder. */
export async function openFolder(folder: string, onFault: (error: unknown) => void): Promise<Registry> {
  return new Registry({
    kernels: sharedKernels(),
    store: await openLmdbStore(folder),
    clock: systemClock,
    newEpoch: () => 'never',
    limits: DEFAULT_LIMITS,
    keeping: { steps: 4096, ms: 60_000, idleMs: 60_000 },
    past: { ...PAST_LIMITS, ...WHOLE_PAST },
    counters: createTelemetry().sequences,
    onFault,
  });
}

export async function serve(folder: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', folder, '--port', String(port), '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...WHOLE_PAST_ENV },
  });
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return child;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
