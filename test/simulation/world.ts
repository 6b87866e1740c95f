/**
 * A world in virtual time: real clients, a network that delays, drops and is read slowly, real connections and
 * sequences, a disk that hangs, fails and loses its power, and a server that dies. What happens hangs on the seed alone.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { VirtualTimeScheduler } from 'rxjs';
import { EddyClient } from '../../client/sdk/client.js';
import type { PushedStep, SequenceHandle } from '../../client/sdk/index.js';
import { plainDialer, type SocketLike } from '../../client/sdk/web-socket.js';
import { sharedKernels } from '../../src/kernels/shared.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { Codec } from '../../src/protocol/codec.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { LocalDirectory } from '../../src/sequence/local-directory.js';
import { Registry } from '../../src/sequence/registry.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { EVERYTHING } from '../../src/server/auth/access.js';
import { Connection } from '../../src/server/socket/connection.js';
import { createTelemetry } from '../../src/server/telemetry/telemetry.js';
import { createDurableStore } from '../../src/store/log/durable.js';
import type { LogRecord, Store } from '../../src/store/store.js';
import { MemoryDisk } from '../support/memory-disk.js';
import { bitsOf, replayedBits, timesOf } from '../support/replay.js';
import { codeOf, FINE } from '../support/sequences.js';
import { virtualClock } from '../support/virtual-clock.js';

const SPECS: Readonly<Record<string, ModelSpecInput>> = {
  forecast: { features: 1, units: 3, inputs: { missing: 'hold' } },
  supervised: {
    features: 2,
    units: 3,
    task: { kind: 'supervised', outputs: 1, delay: 0 },
    inputs: { missing: 'hold' },
  },
  late: {
    features: 1,
    units: 3,
    learner: { kind: 'tbptt', k1: 2, k2: 8 },
    task: { kind: 'supervised', outputs: 1, delay: 24 },
    inputs: { missing: 'hold' },
  },
};
const NAMES = Object.keys(SPECS);

const xOf = (name: string, t: number) =>
  Float64Array.from(
    { length: SPECS[name]!.features },
    (_, i) => Math.sin(t * 0.3 + i) + (t % 17 === 0 ? 3 : 0),
  );
const targetOf = (name: string, t: number) =>
  name === 'supervised' || (name === 'late' && t % 7 === 0) ? Float64Array.of(Math.cos(t)) : undefined;
const lateTargetOf = (t: number) => Float64Array.of(Math.cos(t));

/** What went wrong in a world; nothing, if all is well. */
export async function simulate(seed: number, acts = 120): Promise<string[]> {
  const world = new World(seed);
  await world.run(acts);
  return world.faults;
}

class World {
  readonly faults: string[] = [];
  private readonly clock = new VirtualTimeScheduler();
  private readonly random;
  private readonly links = new Set<Link>();
  private readonly producers: Producer[];
  private readonly clients: EddyClient[] = [];
  private readonly watches: Watch[] = [];
  private readonly pasts: PastReader[] = [];
  private disk = new MemoryDisk();
  private registry: Registry | null = null;
  private isHealed = false;
  /** What the log of the sequence with late targets was given, as far as it survived. */
  private readonly history: LogRecord[] = [];

  constructor(seed: number) {
    this.random = xoroshiro128plus(seed);
    this.disk.isManual = true;
    this.start();
    this.producers = NAMES.map((name) => {
      const client = this.client();
      const handle = client.open(name, { spec: SPECS[name]! });
      const producer: Producer = {
        name,
        handle,
        pushed: 0,
        acked: -1,
        awaiting: [],
        kept: new Set(),
        given: new Set(),
      };
      handle.acked$.subscribe((seq) => {
        producer.acked = seq;
      });
      handle.errors$.subscribe(({ error }) => {
        // a target whose socket broke may come too late at the next one
        if (error.code === 'target-expired' && name === 'late') return;
        if (error.code !== 'store-unavailable') this.faults.push(`${name}: ${error.code} ${error.message}`);
      });
      return producer;
    });
    for (const name of NAMES) this.watches.push(new Watch(name, this.client(), this.faults));
  }

  async run(acts: number): Promise<void> {
    for (let i = 0; i < acts; i++) {
      this.act();
      await this.pass(this.draw(1, 30));
    }
    this.isHealed = true;
    this.disk.failure = null;
    for (const link of this.links) link.heal();
    for (let i = 0; i < 400 && !this.isSettled; i++) await this.pass(50);
    // whoever comes now is told of all that ever was
    for (const { name, pushed } of this.producers) if (pushed > 0) this.readPast(name, pushed);
    const isRead = () => this.pasts.every(({ name, last }) => last === this.pushedOf(name) - 1);
    for (let i = 0; i < 100 && !isRead(); i++) await this.pass(50);
    await this.check();
    for (const client of this.clients) client.close();
  }

  private get isSettled(): boolean {
    return (
      this.producers.every(({ handle }) => handle.unacked + handle.unackedTargets === 0) &&
      this.watches.every((watch) => watch.last >= this.pushedOf(watch.name) - 1)
    );
  }

  private pushedOf(name: string): number {
    return this.producers.find((producer) => producer.name === name)!.pushed;
  }

  /** Does something, mostly push. */
  private act(): void {
    const dice = this.draw(0, 99);
    const producer = this.producers[this.draw(0, this.producers.length - 1)]!;
    if (dice < 45) this.push(producer, this.draw(1, 9));
    else if (dice < 57) this.learn(this.draw(1, 6));
    else if (dice < 60) this.readPast(producer.name, this.draw(1, 60));
    else if (dice < 70) this.pickLink()?.cut();
    else if (dice < 76) this.pickLink()?.stall();
    else if (dice < 84) this.disk.failure = this.disk.failure ? null : new Error('no space left');
    else if (dice < 92) this.crash(dice % 2 === 0);
    else if (this.registry?.has(producer.name)) {
      try {
        const sequence = this.registry.get(producer.name);
        if (dice % 2 === 0) sequence.keep();
        else sequence.sleep('idle');
      } catch (error) {
        this.faults.push(`cannot be used: ${error}`);
      }
    }
  }

  private push(producer: Producer, count: number): void {
    const { name, handle } = producer;
    for (let i = 0; i < count && handle.room > 0; i++) {
      const target = targetOf(name, producer.pushed);
      const step = handle.push(xOf(name, producer.pushed), target);
      if (name === 'late' && !target) producer.awaiting.push([producer.pushed, step]);
      producer.pushed++;
    }
  }

  /** Somebody asks for the last steps of a sequence, and goes on listening. */
  private readPast(name: string, count: number): void {
    const pushed = this.pushedOf(name);
    if (pushed > 0) this.pasts.push(new PastReader(name, count, this.isHealed, this.client(), this.faults));
  }

  /** Gives late targets to some of the last steps, in any order; of some none ever comes. */
  private learn(count: number): void {
    const { handle, awaiting, kept, given } = this.producers.find(({ name }) => name === 'late')!;
    awaiting.splice(0, Math.max(0, awaiting.length - 20));
    for (let i = 0; i < count && awaiting.length > 0 && handle.unackedTargets < 60; i++) {
      const [[t, step]] = awaiting.splice(this.draw(0, awaiting.length - 1), 1) as [
        (typeof awaiting)[number],
      ];
      given.add(t);
      handle.learn(step, lateTargetOf(t)).then(
        () => kept.add(t),
        () => undefined,
      );
    }
  }

  /** Time goes on: what is due happens, and the disk writes, if it likes to. */
  private async pass(ms: number): Promise<void> {
    this.clock.maxFrames = this.clock.frame + ms;
    this.clock.flush();
    this.clock.frame = this.clock.maxFrames;
    if (this.isHealed || this.draw(0, 2) > 0) this.disk.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The server dies, by kill or with the power, and another one begins with what the disk has. */
  private crash(withLast: boolean): void {
    const acked = this.producers.map(({ acked: seq }) => seq);
    for (const link of [...this.links]) link.cut();
    this.disk = this.disk.afterPowerLoss(withLast);
    this.disk.isManual = true;
    this.start();
    this.producers.forEach(({ name }, i) => {
      if (acked[i]! < 0) return;
      const { seq } = this.registry!.get(name);
      if (seq < acked[i]!)
        this.faults.push(`${name}: step ${acked[i]} was acked, and ${seq} is the last there is`);
    });
  }

  private start(): void {
    const scheduler = this.clock;
    let epochs = 0;
    this.registry = new Registry({
      kernels: sharedKernels(),
      store: this.heard(
        createDurableStore(this.disk, {
          clock: virtualClock(scheduler),
          atTurnEnd: queueMicrotask,
          groupMs: this.draw(0, 5),
          retryMs: 50,
        }),
      ),
      clock: virtualClock(scheduler),
      newEpoch: () => `${this.draw(0, 2 ** 30)}-${++epochs}`,
      limits: { ...DEFAULT_LIMITS, unackedSteps: 64, blockSteps: 64 },
      keeping: { steps: 40, ms: 500, idleMs: 300 },
      counters: createTelemetry().sequences,
      // in every other life of a server all work is cut as finely as can be
      ...(this.draw(0, 1) === 0 && { grain: FINE }),
      onFault: (error) => this.faults.push(String(error)),
    });
  }

  /** Listens to what goes into the log of the sequence with late targets. */
  private heard(store: Store): Store {
    const { history } = this;
    const open = store.open.bind(store);
    store.open = (name, listener) => {
      const log = open(name, listener);
      if (name !== 'late') return log;
      history.length = log.end;
      const append = log.append.bind(log);
      log.append = (record) => {
        history[log.end] = structuredClone(record);
        return append(record);
      };
      return log;
    };
    return store;
  }

  private client(): EddyClient {
    const links = this.links;
    const world = this;
    class WebSocket extends Link {
      constructor() {
        super(world.clock, () => world.draw(1, 25));
        links.add(this);
        this.ends = () => links.delete(this);
        this.accept((link) => world.serve(link));
      }
    }
    const client = new EddyClient('ws://world', plainDialer(WebSocket), {
      scheduler: this.clock,
      random: () => this.draw(0, 999) / 1000,
      backOff: { min: 5, max: 100 },
    });
    client.errors$.subscribe(
      ({ error }) =>
        !['store-unavailable', 'client-closed'].includes(error.code) &&
        this.faults.push(`client: ${error.code} ${error.message}`),
    );
    this.clients.push(client);
    return client;
  }

  private serve(link: Link): Connection {
    const codec = new Codec('msgpack');
    return new Connection({
      socket: link.far,
      codec,
      encode: (message, packed) => codec.encode(message, packed) as Uint8Array,
      atTurnEnd: queueMicrotask,
      directory: new LocalDirectory(this.registry!, virtualClock(this.clock)),
      limits: {
        ...DEFAULT_LIMITS,
        unackedSteps: 64,
        blockSteps: 64,
        queueLatestBytes: 2000,
        queueCloseBytes: 20_000,
      },
      clock: virtualClock(this.clock),
      counters: createTelemetry().wire,
      guard: { check: () => undefined },
      server: 'world',
      access: EVERYTHING,
      admit: async () => EVERYTHING,
      onFault: (fault) => this.faults.push(`fault: ${fault}`),
    });
  }

  private async check(): Promise<void> {
    for (const { name, handle, pushed } of this.producers) {
      if (handle.unacked > 0) this.faults.push(`${name}: ${handle.unacked} steps were never acked`);
      if (pushed > 0 && !this.registry!.has(name))
        this.faults.push(`${name}: ${pushed} steps were pushed, and it is not known`);
      else if (pushed > 0) {
        const sequence = this.registry!.get(name);
        if (sequence.seq !== pushed - 1)
          this.faults.push(`${name}: ${sequence.seq + 1} steps, and ${pushed} were pushed`);
        else if (bitsOf(sequence.model) !== (await this.plainOf(sequence)))
          this.faults.push(`${name}: other bits`);
        if (name === 'late') this.checkTargets();
      }
    }
    for (const watch of this.watches) watch.check(this.pushedOf(watch.name));
    for (const past of this.pasts) past.check(this.pushedOf(past.name));
  }

  /** The bits of a plain replay, at the times at which the steps were stamped. */
  private async plainOf(sequence: Sequence): Promise<string> {
    const { name, spec } = sequence;
    if (name === 'late') return this.replayedHistory().bits;
    const times = await timesOf(sequence, () => this.pass(50));
    const sent = (seq: number) => ({ x: xOf(name, seq), t: times[seq]!, target: targetOf(name, seq) });
    return replayedBits(spec, times.length, sent);
  }

  /** Replays the surviving history: its bits, and the steps whose late target had an effect. */
  private replayedHistory(): { bits: string; met: Set<number> } {
    const model = new Model(SPECS.late!);
    const met = new Set<number>();
    for (const record of this.history)
      if (record.kind === 'steps')
        for (let i = 0; i < record.x.length; i++) {
          model.step(record.x.subarray(i, i + 1), record.t![i]);
          if (!record.targets) continue;
          model.learn(record.targets.subarray(i, i + 1));
          // one that was given before its step was sent went with it
          if (!targetOf('late', record.first + i)) met.add(record.first + i);
        }
      else if (record.kind === 'targets')
        for (let i = 0; i < record.targets.length; i++) {
          // one that came before, or too late, has no effect
          if (codeOf(() => model.learn(record.targets.subarray(i, i + 1), record.first + i)) !== 'none')
            continue;
          met.add(record.first + i);
        }
    const bits = bitsOf(model);
    model.free();
    return { bits, met };
  }

  /** Each late target that is said to be kept had its effect, and no other one. */
  private checkTargets(): void {
    const { handle, given, kept } = this.producers.find(({ name }) => name === 'late')!;
    const { met } = this.replayedHistory();
    if (handle.unackedTargets > 0)
      this.faults.push(`${handle.unackedTargets} late targets were never settled`);
    for (const t of given)
      if (met.has(t) !== kept.has(t))
        this.faults.push(
          `the late target of step ${t} ${met.has(t) ? 'counted, and was refused' : 'was kept, and did not count'}`,
        );
    for (const t of met) if (!given.has(t)) this.faults.push(`step ${t} has a late target that nobody sent`);
  }

  private pickLink(): Link | undefined {
    const all = [...this.links];
    return all[this.draw(0, Math.max(0, all.length - 1))];
  }

  private draw(low: number, high: number): number {
    return low + ((this.random.next() >>> 0) % (high - low + 1));
  }
}

interface Producer {
  readonly name: string;
  readonly handle: SequenceHandle;
  pushed: number;
  acked: number;
  /** Steps that a late target may still be given to; the steps that got one, and those whose target is said to be kept. */
  readonly awaiting: [number, PushedStep][];
  readonly given: Set<number>;
  readonly kept: Set<number>;
}

/** Who listens to all states of a sequence: what is missing must have been told. */
class Watch {
  last = -1;
  private first: number | null = null;
  private readonly seen = new Map<number, string>();
  private skipped = 0;

  constructor(
    readonly name: string,
    client: EddyClient,
    private readonly faults: string[],
  ) {
    client.watch(name).states$.subscribe(({ seq, skipped, h }) => {
      const bits = [...h].join();
      const before = this.seen.get(seq);
      // where a server dies, late targets that nobody was told are kept may come again at another step
      if (before !== undefined && before !== bits && name !== 'late')
        faults.push(`${name}: state ${seq} came again with other bits`);
      this.first ??= seq;
      this.seen.set(seq, bits);
      this.skipped += skipped;
      this.last = seq;
    });
  }

  check(pushed: number): void {
    let missing = 0;
    for (let seq = this.first ?? pushed; seq < pushed; seq++) if (!this.seen.has(seq)) missing++;
    if (missing > this.skipped)
      this.faults.push(`${this.name}: ${missing} states are missing, ${this.skipped} were told`);
    // one that came too late for anything was told of nothing
    if (this.first !== null && this.last !== pushed - 1)
      this.faults.push(`${this.name}: the last state seen is ${this.last}`);
  }
}

/** Who asks for the inputs of the last steps: they are those that were sent, one after the other, to the end. */
class PastReader {
  last = -1;
  private first: number | null = null;
  private told = 0;

  constructor(
    readonly name: string,
    count: number,
    private readonly isOfAll: boolean,
    client: EddyClient,
    private readonly faults: string[],
  ) {
    const inputs$ = client.watch(name).view('inputs', { last: count });
    inputs$.subscribe(({ seq, skipped, x }) => {
      if (x.some((value, i) => value !== Math.fround(xOf(name, seq)[i]!) && value !== xOf(name, seq)[i]))
        faults.push(`${name}: step ${seq} of the past was never sent so`);
      this.told += skipped;
      if (this.first !== null && seq > this.last + 1 + this.told)
        faults.push(`${name}: the past has no step ${this.last + 1}, and ${this.told} were told`);
      this.first ??= seq;
      this.last = Math.max(this.last, seq);
    });
  }

  check(pushed: number): void {
    if (this.last !== pushed - 1)
      this.faults.push(`${this.name}: the past ends with ${this.last}, not ${pushed - 1}`);
    if (this.isOfAll && this.first !== null && this.first > this.told)
      this.faults.push(`${this.name}: all steps were asked for, and the first is ${this.first}`);
  }
}

/** A WebSocket of the world: what goes over it takes its time, keeps its order, and is lost when it is cut. */
class Link implements SocketLike {
  binaryType = 'arraybuffer';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  ends: () => void = () => undefined;
  private connection: Connection | null = null;
  private isOpen = true;
  private isStalled = false;
  private stalled: Uint8Array[] = [];
  /** When what was sent last arrives, each way. */
  private readonly arrival = { out: 0, back: 0 };
  /** The server's end. */
  readonly far = {
    bufferedAmount: 0,
    write: (frames: readonly Uint8Array[]) => {
      for (const frame of frames) this.back(new Uint8Array(frame));
    },
    close: (code: number, reason: string) => this.later('back', () => this.close1(code, reason)),
    terminate: () => this.cut(),
    ping: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };

  constructor(
    private readonly clock: VirtualTimeScheduler,
    private readonly delay: () => number,
  ) {}

  accept(serve: (link: Link) => Connection): void {
    this.later('back', () => {
      this.connection = serve(this);
      this.onopen?.({} as never);
    });
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    const copy = typeof data === 'string' ? data : new Uint8Array(data);
    this.later('out', () => {
      this.connection?.alive();
      this.connection?.receive(copy);
    });
  }

  close(): void {
    this.cut();
  }

  /** The connection breaks: what is under way is lost. */
  cut(): void {
    this.close1(1006, 'cut');
  }

  /** The client reads no more for a while. */
  stall(): void {
    this.isStalled = !this.isStalled;
    if (!this.isStalled) this.heal();
  }

  heal(): void {
    this.isStalled = false;
    const { stalled } = this;
    this.stalled = [];
    this.far.bufferedAmount = 0;
    for (const frame of stalled) this.back(frame);
  }

  private back(frame: Uint8Array): void {
    if (this.isStalled) {
      this.far.bufferedAmount += frame.length;
      this.stalled.push(frame);
      return;
    }
    this.later('back', () => this.onmessage?.({ data: frame.buffer } as never));
  }

  private close1(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.ends();
    this.connection?.end();
    this.onclose?.({ code, reason } as never);
  }

  /** Happens later, after what was sent before it. */
  private later(way: 'out' | 'back', what: () => void): void {
    const at = Math.max(this.arrival[way], this.clock.now() + this.delay());
    this.arrival[way] = at;
    this.clock.schedule(() => {
      if (this.isOpen) what();
    }, at - this.clock.now());
  }
}
