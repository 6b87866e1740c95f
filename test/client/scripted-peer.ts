/**
 * The other end of the client: a small server in memory that follows the protocol, one message at a time, when the test
 * says so. Time is virtual; only microtasks are real.
 */
import { VirtualTimeScheduler } from 'rxjs';
import { type Client, type ConnectOptions, connect } from '../../client/sdk/index.js';
import type { FieldInput } from '../../src/fields/field.js';
import { parseSchema, type Schema } from '../../src/fields/sequence-schema.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.js';
import { Codec, type Encoding, type WireForm } from '../../src/protocol/codec.js';
import type { ClientMessage, ClientMessageOf, ServerMessage } from '../../src/protocol/messages.js';
import { outputsOf, parseSpec } from '../../src/rnn/spec/spec.js';
import { type FakeSocket, fakeSockets } from '../support/fake-socket.js';

/** A sequence at the peer: what was accepted, in order. Step numbers are the indices. */
export interface PeerSequence {
  readonly channel: number;
  epoch: string;
  readonly spec: Record<string, unknown>;
  readonly schema: Schema;
  readonly steps: { readonly x: number[]; target: number[] | null }[];
  /** The targets that steps came with, by number. */
  readonly cameWith: Map<number, number[]>;
  /** Kinds of the views that the present socket has. */
  readonly views: Set<string>;
  /** The steps that appends with these keys became. */
  readonly keys: Map<string, number>;
}

export class ScriptedPeer {
  readonly clock = new VirtualTimeScheduler();
  readonly sockets: FakeSocket[];
  readonly WebSocket;
  readonly sequences = new Map<string, PeerSequence>();
  /** All messages that were processed, over all sockets. */
  readonly heard: ClientMessage[] = [];
  /** Gives other answers than usual, where it gives any. */
  script: (message: ClientMessage) => ServerMessage[] | undefined = () => undefined;
  /** Steps in one block that `opened` allows. */
  blockSteps = 256;
  /** Are acks kept back? */
  holdsAcks = false;
  private codec: Codec;
  private read = 0;
  private replies: ServerMessage[] = [];
  private lastChannel = 0;

  constructor(private readonly limits: Partial<Limits> = {}) {
    const { sockets, WebSocket } = fakeSockets();
    this.sockets = sockets;
    this.WebSocket = WebSocket;
    this.codec = new Codec('msgpack');
  }

  /** Connects a client to this peer; random numbers are 0, so the first wait is the shortest. */
  connect(options: ConnectOptions = {}): Client {
    this.codec = new Codec((options.encoding ?? 'msgpack') as Encoding);
    const { clock: scheduler, WebSocket } = this;
    return connect('ws://peer', { WebSocket, scheduler, random: () => 0, ...options });
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  /** Messages that were sent on the present socket and not processed yet. */
  get arrived(): ClientMessage[] {
    return this.socket.sent.slice(this.read).map((data) => this.codec.decodeClient(data, this.form));
  }

  /** How the client of the present socket writes its numbers. */
  private get form(): WireForm {
    const { packed = false, float64 = false } = this.heardOf('hello').at(-1) ?? {};
    return { packed, float64 };
  }

  heardOf<T extends ClientMessage['type']>(type: T): ClientMessageOf<T>[] {
    return this.heard.filter((message) => message.type === type) as ClientMessageOf<T>[];
  }

  /** Accepts the present socket. */
  accept(): void {
    this.read = 0;
    this.replies = [];
    for (const sequence of this.sequences.values()) sequence.views.clear();
    this.socket.accept();
  }

  /** Processes up to `count` messages that have arrived; the answers wait. */
  process(count = Number.POSITIVE_INFINITY): void {
    for (const message of this.arrived.slice(0, count)) {
      this.read++;
      this.heard.push(message);
      this.replies.push(...(this.script(message) ?? this.answer(message)));
    }
  }

  /** Hands up to `count` answers to the client. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    for (const message of this.replies.splice(0, count)) this.say(message);
  }

  say(message: ServerMessage): void {
    this.socket.deliver(this.codec.encode(message));
  }

  /** Lets both ends talk until neither has anything to say. */
  async settle(): Promise<void> {
    for (;;) {
      await turn();
      if (this.arrived.length + this.replies.length === 0) return;
      this.process();
      this.deliver();
    }
  }

  /** Accepts the present socket and settles. */
  async open(): Promise<void> {
    this.accept();
    await this.settle();
  }

  /** Breaks the connection. What is under way in either direction is lost. */
  break(code?: number, reason?: string, message?: string): void {
    this.replies = [];
    this.read = this.socket.sent.length;
    this.socket.break(code, reason, message);
  }

  advance(ms: number): void {
    this.clock.maxFrames = this.clock.frame + ms;
    this.clock.flush();
    this.clock.frame = this.clock.maxFrames;
  }

  /** Breaks the connection, waits until the client tries again, and opens that. */
  async reconnect(): Promise<void> {
    this.break();
    this.advance(10_000);
    await this.open();
  }

  /** Forgets all sequences, as a server without a durable store does at its end. */
  forget(): void {
    this.sequences.clear();
  }

  sequence(name: string): PeerSequence {
    const sequence = this.sequences.get(name);
    if (!sequence) throw new Error(`the peer has no sequence ${name}`);
    return sequence;
  }

  create(name: string, spec: unknown, steps: number[][] = [], fields?: readonly FieldInput[]): PeerSequence {
    const { spec: full, schema } = parseSchema({ spec, fields });
    const sequence = {
      channel: ++this.lastChannel,
      epoch: `epoch-${this.lastChannel}`,
      spec: { ...full },
      schema,
      steps: steps.map((x) => ({ x, target: null })),
      views: new Set<string>(),
      cameWith: new Map<number, number[]>(),
      keys: new Map<string, number>(),
    };
    this.sequences.set(name, sequence);
    return sequence;
  }

  private answer(message: ClientMessage): ServerMessage[] {
    switch (message.type) {
      case 'hello':
        return [
          { type: 'welcome', version: 1, server: 'peer', limits: { ...DEFAULT_LIMITS, ...this.limits } },
        ];
      case 'open':
        return [this.opened(message)];
      case 'steps':
        return this.steps(message);
      case 'targets':
        return this.targets(message);
      case 'subscribe':
        return [this.subscribed(message)];
      case 'unsubscribe':
        this.byChannel(message.channel)?.views.delete(message.view);
        return [{ type: 'done', re: message.id }];
      case 'flush':
      case 'configure':
      case 'reset':
      case 'checkpoint':
      case 'close':
      case 'remove':
        return [{ type: 'done', re: message.id }];
      case 'list':
        return [{ type: 'listing', re: message.id, total: 0, sequences: [] }];
      case 'append':
        return this.append(message);
    }
  }

  private opened({ id: re, sequence: name, mode, spec, fields }: ClientMessageOf<'open'>): ServerMessage {
    const known = this.sequences.get(name);
    if (known && mode === 'create') return failure('sequence-exists', { re });
    if (!known && mode === 'resume') return failure('sequence-unknown', { re }, true);
    if (!known && !spec) return failure('spec-required', { re });
    const sequence = known ?? this.create(name, spec, [], fields);
    return {
      type: 'opened',
      ...placeOf(re, name, sequence),
      durable: sequence.steps.length - 1,
      created: !known,
      blockSteps: Math.min(this.blockSteps, this.limits.blockSteps ?? DEFAULT_LIMITS.blockSteps),
      learning: true,
      learningRate: 0.01,
    };
  }

  private steps({ channel, seq: first, x, targets }: ClientMessageOf<'steps'>): ServerMessage[] {
    const sequence = this.byChannel(channel);
    if (!sequence) return [failure('channel-unknown', { channel, seq: first })];
    const { features, batch, ...spec } = parseSpec(sequence.spec);
    const size = features * batch;
    const width = outputsOf({ features, ...spec }) * batch;
    const next = sequence.steps.length;
    const about = { channel, seq: first };
    if (x.length % size !== 0) return [failure('step-shape', about)];
    if (first > next) return [failure('step-gap', about)];
    const rows = Array.from({ length: x.length / size }, (_, i) =>
      Array.from(x.slice(i * size, (i + 1) * size)),
    );
    if (rows.some((row, i) => differs(sequence.steps[first + i]?.x, row)))
      return [failure('step-conflict', about)];
    const targetOf = (i: number) => targets && Array.from(targets.slice(i * width, (i + 1) * width));
    for (let i = 0; targets && first + i < next && i < rows.length; i++)
      if (differs(sequence.cameWith.get(first + i) ?? [], targetOf(i)!))
        return [failure('step-conflict', about)];
    for (const [i, row] of rows.entries()) {
      if (first + i < next) continue;
      const target = targetOf(i) ?? null;
      if (target) sequence.cameWith.set(first + i, target);
      sequence.steps.push({ x: row, target });
    }
    return this.holdsAcks ? [] : [{ type: 'ack', channel, seq: first + rows.length - 1 }];
  }

  /** A key that came before has no effect. */
  private append({ id: re, channel, x, key = '' }: ClientMessageOf<'append'>): ServerMessage[] {
    const sequence = channel === undefined ? undefined : this.byChannel(channel);
    if (!sequence || !x) return [failure('channel-unknown', { re })];
    if (!sequence.keys.has(key)) sequence.keys.set(key, sequence.steps.push({ x: [...x], target: null }) - 1);
    const seq = sequence.keys.get(key)!;
    return this.holdsAcks ? [] : [{ type: 'appended', re, channel: sequence.channel, seq }];
  }

  private targets({ id: re, channel, seq, targets }: ClientMessageOf<'targets'>): ServerMessage[] {
    const step = this.byChannel(channel)?.steps[seq];
    const about = { ...(re !== undefined && { re }), channel, seq };
    if (!step) return [failure('target-early', about)];
    if (differs(step.target ?? undefined, [...targets])) return [failure('target-duplicate', about)];
    step.target = Array.from(targets);
    return re === undefined || this.holdsAcks ? [] : [{ type: 'done', re }];
  }

  /** Step n of a sequence is of the time 1000 n. */
  private subscribed({
    id: re,
    sequence: name,
    view,
    last,
    from,
    after,
  }: ClientMessageOf<'subscribe'>): ServerMessage {
    const sequence = this.sequences.get(name);
    if (!sequence) return failure('sequence-unknown', { re }, true);
    sequence.views.add(view);
    const next = sequence.steps.length;
    const recovered = after && { recovered: after.epoch === sequence.epoch };
    const begins = Math.min(
      next - Math.min(last ?? 0, next),
      from === undefined ? next : Math.ceil(from / 1000),
      after && recovered?.recovered ? after.seq + 1 : next,
    );
    const isPast = last !== undefined || from !== undefined;
    return {
      type: 'subscribed',
      ...placeOf(re, name, sequence),
      view,
      ...recovered,
      ...(isPast && { begins }),
    };
  }

  private byChannel(channel: number): PeerSequence | undefined {
    return [...this.sequences.values()].find((sequence) => sequence.channel === channel);
  }
}

/** Lets all microtasks run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function failure(
  code: string,
  about: { re?: number; channel?: number; seq?: number } = {},
  temporary = false,
): ServerMessage {
  return { type: 'error', code, message: `the peer says ${code}`, temporary, ...about };
}

const differs = (one: readonly number[] | undefined, other: readonly number[]) =>
  one !== undefined && (one.length !== other.length || one.some((value, i) => value !== other[i]));

function placeOf(re: number, sequence: string, { channel, epoch, spec, steps, schema }: PeerSequence) {
  return { re, channel, sequence, epoch, seq: steps.length - 1, spec, fields: [...schema.fields] };
}
