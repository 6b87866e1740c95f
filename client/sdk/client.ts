/** The client: one connection, and the sequences that are open or watched through it. */
import { asyncScheduler, filter, firstValueFrom, type Observable, Subject } from 'rxjs';
import { EddyError } from '../../src/errors.js';
import { Codec } from '../../src/protocol/codec.js';
import type { ServerMessage, ServerMessageOf } from '../../src/protocol/messages.js';
import type {
  Client,
  ConnectionState,
  ConnectOptions,
  Listing,
  ListOptions,
  OpenOptions,
  Report,
  SequenceHandle,
  Watch,
} from './api.js';
import { type CodedError, codedError } from './coded-error.js';
import { sequenceUrl, transfer } from './file-transfer.js';
import { Connection } from './link.js';
import { type Answers, type RequestBody, Requests } from './requests.js';
import { Retry, type RetryParts } from './retry.js';
import { Handle } from './sequence-handle.js';
import { SequenceViews } from './sequence-views.js';
import { SequenceWatch } from './sequence-watch.js';
import { bytesPerReal } from './shape.js';
import { type Dialer, streamUrl } from './web-socket.js';

/** The client's state of one sequence. It is dropped when nobody pushes or watches any more. */
interface Entry {
  readonly sequence: string;
  readonly views: SequenceViews;
  handle: Handle | null;
}

export class EddyClient implements Client {
  private readonly retryParts: RetryParts;
  private readonly connection: Connection;
  private readonly requests: Requests;
  private readonly reports = new Subject<Report>();
  private readonly entries = new Map<string, Entry>();
  private readonly channels = new Map<number, Entry>();
  private readonly encoding;
  private readonly address: string;
  private closed: CodedError | null = null;

  constructor(
    url: string,
    dialer: Dialer,
    private readonly options: ConnectOptions,
  ) {
    const { encoding = 'msgpack', scheduler = asyncScheduler, random = Math.random, agent } = options;
    const { packed = true, float64 = true, token } = options;
    const { backOff = { min: 100, max: 10_000 }, welcomeMs = 10_000 } = options;
    const address = streamUrl(url);
    this.address = address;
    this.encoding = encoding;
    this.retryParts = { scheduler, random, backOff };
    this.connection = new Connection({
      dial: (token) => dialer.dial(address, [`eddy.v1.${encoding}`], token),
      token,
      saysToken: !dialer.sendsToken,
      codec: new Codec(encoding),
      packed: packed && encoding === 'msgpack',
      float64,
      agent,
      scheduler,
      retry: new Retry(this.retryParts),
      welcomeMs,
      stableMs: backOff.max,
      onOpen: () => this.connected(),
      onMessage: (message) => this.receive(message),
      onLost: (reason, isFinal) => (isFinal ? this.ended(reason) : this.interrupted()),
      onFault: (error) => this.reports.next({ error, sequence: null, seq: null }),
    });
    this.requests = new Requests((message) => this.connection.send(message));
    this.connection.dial();
  }

  get state$(): Observable<ConnectionState> {
    return this.connection.state.asObservable();
  }

  get errors$(): Observable<Report> {
    return this.reports.asObservable();
  }

  open(sequence: string, options: OpenOptions = {}): SequenceHandle {
    checkOutbox(options.outbox);
    const entry = this.entry(sequence);
    if (entry.handle)
      throw new EddyError('sequence-exists', `this client already has ${sequence} open: use that handle`);
    const handle = new Handle({
      sequence,
      options,
      views: entry.views,
      requests: this.requests,
      retry: new Retry(this.retryParts),
      bytesPerReal: bytesPerReal(this.encoding),
      limits: () => this.connection.limits,
      send: (message) => this.connection.send(message),
      onChannel: (channel) => this.channels.set(channel, entry),
      onReport: (report) => this.reports.next(report),
      onEnd: () => {
        entry.handle = null;
        entry.views.begin();
      },
    });
    entry.handle = handle;
    if (this.connection.isOpen) handle.connect();
    return handle;
  }

  watch(sequence: string): Watch {
    return new SequenceWatch(sequence, () => this.entry(sequence).views);
  }

  list(options: ListOptions = {}): Promise<Listing> {
    return this.ask({ type: 'list', ...options });
  }

  async remove(sequence: string): Promise<void> {
    await this.ask({ type: 'remove', sequence });
  }

  export(sequence: string): Promise<Uint8Array> {
    return this.transfer(`${sequenceUrl(this.address, sequence)}/export`);
  }

  async import(sequence: string, file: Uint8Array): Promise<void> {
    await this.transfer(sequenceUrl(this.address, sequence), file);
  }

  close(): void {
    this.connection.close(new EddyError('client-closed', 'the client was closed'));
  }

  private async transfer(url: string, file?: Uint8Array): Promise<Uint8Array> {
    const { token } = this.options;
    return transfer(url, typeof token === 'function' ? await token() : token, file);
  }

  /** Sends a request as soon as the connection is open. */
  private async ask<T extends RequestBody>(body: T): Promise<Answers[T['type']]> {
    await firstValueFrom(this.state$.pipe(filter(({ status }) => status === 'open')), { defaultValue: null });
    if (this.closed) throw this.closed;
    return new Promise((resolve, reject) => this.requests.ask(body, resolve, reject));
  }

  private entry(sequence: string): Entry {
    if (this.closed) throw this.closed;
    const known = this.entries.get(sequence);
    if (known) return known;
    const { scheduler } = this.retryParts;
    const views = new SequenceViews({
      sequence,
      requests: this.requests,
      retry: new Retry(this.retryParts),
      scheduler,
      ranges: this.options.float64 ?? true,
      isReady: () => this.connection.isOpen && (!entry.handle || entry.handle.isOpen),
      onChannel: (channel) => this.channels.set(channel, entry),
      onError: (error) => this.reportUnanswered(error, sequence),
      onIdle: () => this.forget(entry),
    });
    const entry: Entry = { sequence, views, handle: null };
    this.entries.set(sequence, entry);
    return entry;
  }

  private forget(entry: Entry): void {
    if (entry.handle || this.entries.get(entry.sequence) !== entry) return;
    this.entries.delete(entry.sequence);
    for (const [channel, other] of this.channels) if (other === entry) this.channels.delete(channel);
  }

  private connected(): void {
    for (const { handle, views } of [...this.entries.values()])
      if (handle) handle.connect();
      else views.begin();
  }

  private receive(message: ServerMessage): void {
    if (this.requests.settle(message)) return;
    if (message.type === 'ack') this.channels.get(message.channel)?.handle?.ack(message.seq);
    else if (message.type === 'error') this.refused(message);
    else if ('skipped' in message) this.channels.get(message.channel)?.views.receive(message);
  }

  private refused(message: ServerMessageOf<'error'>): void {
    const entry = message.channel === undefined ? undefined : this.channels.get(message.channel);
    if (entry?.handle) return entry.handle.refuse(message);
    const error = codedError(message.code, message.message, message.temporary);
    this.reports.next({ error, sequence: entry?.sequence ?? null, seq: message.seq ?? null });
  }

  private reportUnanswered(error: CodedError, sequence: string): void {
    if (error.code !== 'connection-lost') this.reports.next({ error, sequence, seq: null });
  }

  private interrupted(): void {
    this.channels.clear();
    this.requests.failAll(new EddyError('connection-lost', 'the connection broke before the answer came'));
    for (const { handle, views } of [...this.entries.values()]) {
      views.interrupt();
      handle?.interrupt();
    }
  }

  private ended(reason: CodedError): void {
    this.closed = reason;
    for (const { handle, views } of [...this.entries.values()]) {
      handle?.end(reason);
      views.end(reason.code === 'client-closed' ? null : reason);
    }
    this.requests.failAll(reason);
    this.channels.clear();
    this.entries.clear();
    this.reports.complete();
  }
}

function checkOutbox(outbox = 1): void {
  if (!Number.isInteger(outbox) || outbox < 1)
    throw new EddyError('setting-invalid', `outbox is ${outbox}; it must be an integer of at least 1`);
}
