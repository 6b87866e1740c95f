/** What the client offers, as its users see it. */
import type { Observable, Observer, SchedulerLike } from 'rxjs';
import type { Resampling } from '../../src/features/resampling.js';
import type { Field } from '../../src/fields/field.js';
import type { Limits } from '../../src/limits.js';
import type { Encoding } from '../../src/protocol/codec.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { SequenceEvent, UpdateEntry, View } from '../../src/protocol/views/index.js';
import type { ModelSpec } from '../../src/rnn/spec/spec.js';
import type { CodedError } from './coded-error.js';
import type { AppendOptions, OpenOptions, StepInput, StepSource } from './open-options.js';
import type { Range } from './retry.js';
import type { SocketConstructor } from './web-socket.js';

export type {
  AnomalyDetail,
  AnomalyOverDetail,
  SensorDetail,
  ToldField,
} from '../../src/fields/told-anomalies.js';
export type * from './open-options.js';

export interface ConnectOptions {
  /** How messages are written; `msgpack` if left out. */
  readonly encoding?: Encoding;
  /** Whether steps and results travel packed, which costs less; true if left out. Of no effect in `json`. */
  readonly packed?: boolean;
  /**
   * Whether readings travel as float64, so that they keep their digits; true if left out. With false they travel as
   * float32, at half the size, packed results come without their times, and predictions without their ranges.
   */
  readonly float64?: boolean;
  /** The WebSocket class to connect with. */
  readonly WebSocket?: SocketConstructor;
  /**
   * The token to be let in with, or what gives one: it is asked for every connection, so that it can renew the token.
   * Node sends it with the upgrade, a browser in its first message. A token that is refused closes the client.
   */
  readonly token?: TokenSource;
  /** Who connects, as the server's log shows it. */
  readonly agent?: string;
  /** Clock and timers. */
  readonly scheduler?: SchedulerLike;
  /** Random numbers in [0, 1), for the jitter of the back-off. */
  readonly random?: () => number;
  /** Shortest and longest wait before another try, in milliseconds; 100 and 10,000 if left out. */
  readonly backOff?: Range;
  /** Milliseconds until `welcome` must have come; 10,000 if left out. */
  readonly welcomeMs?: number;
}

export type TokenSource = string | (() => string | Promise<string>);

/** Where the connection stands. `waiting` tries again after `delay` milliseconds, `closed` is for good. */
export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open'; readonly server: string; readonly limits: Limits }
  | { readonly status: 'waiting'; readonly reason: CodedError; readonly delay: number }
  | { readonly status: 'closed'; readonly reason: CodedError };

/** An error that answers no request, and the sequence and step that it is about, where it is about one. */
export interface Report {
  readonly error: CodedError;
  readonly sequence: string | null;
  readonly seq: number | null;
}

/** What the server said when the sequence was opened. `seq` is the last step it had accepted, -1 before the first. */
export interface Opened extends Readonly<Pick<ServerMessageOf<'opened'>, OpenedFields>>, Described {}

/** What a sequence is. */
export interface Described {
  readonly spec: ModelSpec;
  /** What the numbers of x are, in order. */
  readonly fields: readonly Field[];
  /** What the numbers of a supervised target are, in order, or the classes of a softmax. */
  readonly targets: readonly Field[];
  readonly resample: Resampling | null;
}
type OpenedFields = 'sequence' | 'epoch' | 'seq' | 'durable' | 'created' | 'learning' | 'learningRate';

/** Sequences of a server; `total` is how many there are. */
export type Listing = Readonly<Pick<ServerMessageOf<'listing'>, 'total' | 'sequences' | 'more'>>;

export interface ListOptions {
  /** Starts after this name. */
  readonly after?: string;
  readonly limit?: number;
  /** Only this sequence, if it is known. */
  readonly sequence?: string;
}

/** What the server said when a view was subscribed to: results follow that come after step `seq`. */
export interface Joined
  extends Readonly<Pick<ServerMessageOf<'subscribed'>, 'sequence' | 'view' | 'epoch' | 'seq'>>,
    Described {
  /** Does the view go on from where it was when the connection broke? */
  readonly recovered: boolean;
  /** Number of the step that the results begin with. */
  readonly begins: number;
}

/** A step on its way: a receipt of `push`. */
export interface PushedStep {
  /** Its number; null until it is sent for the first time. A server that lost the history gives it another one. */
  readonly seq: number | null;
  readonly status: 'waiting' | 'sent' | 'acked' | 'dropped';
}

export interface ViewOptions {
  /** At most one delivery per this many milliseconds, 0 to 60,000; 0 by default. */
  readonly every?: number;
  /** Every result, which is the default, or only the latest. */
  readonly delivery?: 'every' | 'latest';
  /**
   * Begins so many steps back, as far as they are kept: what was comes whole and in order, and then what comes, as `every` and
   * `delivery` say. Updates and weights have no past.
   */
  readonly last?: number;
  /** Begins at the first step of this time or later, in milliseconds since 1970, likewise. One of `last` and `from`. */
  readonly from?: number;
}

/** Results that were left out before this one, because of `latest`, a slow socket or a broken connection. */
interface Skipped {
  readonly skipped: number;
}

/** The result of one step, and the time of the step in milliseconds since 1970; null where it is not known. */
interface OfStep extends Skipped {
  readonly seq: number;
  readonly t: number | null;
}

/** The items of each view. Arrays are copies, shared by the subscribers of one client. */
export interface Results {
  /** h_t [B,N] */
  states: OfStep & { readonly h: Float32Array };
  /**
   * y_t [B,M], in the user's units, and half-widths of its ranges: what comes lies in y - range .. y + range with the
   * probability `spec.interval`; 0 where too few errors are known, and null in what comes out of the past, of probabilities, and
   * of a client with `float64: false`. Where steps come regularly, `interval` is the time between two of them: what is forecast
   * h steps ahead is for t + h * interval.
   */
  predictions: OfStep & {
    readonly y: Float32Array;
    readonly range: Float32Array | null;
    readonly interval: number | null;
  };
  /** x_t [B,F] as it was accepted; NaN where there is a gap */
  inputs: OfStep & { readonly x: Float64Array };
  updates: Skipped & Readonly<UpdateEntry>;
  metrics: Readonly<Omit<ServerMessageOf<'metrics'>, 'type' | 'channel'>>;
  /**
   * The weights: `w` [F'+N,N] is Wx over Wh (F' is `inputs`), `b` [N], `wy` [N,M], `by` [M]; of a GRU `w` is [F'+N,3N] and
   * `b` [2,3N], input biases before recurrent ones, with the columns of r, u and n; and `saliency` [T,B,F], dL/dx
   * of the latest update over the steps `from` .. `to`, empty if there is none.
   */
  weights: Readonly<Omit<ServerMessageOf<'weights'>, 'type' | 'channel'>>;
  events: Skipped & Readonly<SequenceEvent>;
}

/**
 * The results of a sequence. All Observables are cold and shared: the first subscriber makes the client subscribe, the
 * last one that leaves makes it unsubscribe. They outlive broken connections.
 *
 * A socket has one view of a kind per sequence. A subscriber that asks for the past makes the client subscribe again; each
 * subscriber gets each result once, in order. Where local subscribers want it differently, the client asks for what
 * serves them all (`every` if one wants each result, and the smallest interval), and thins it out for each `latest`.
 */
export interface Watch {
  readonly sequence: string;
  readonly states$: Observable<Results['states']>;
  readonly predictions$: Observable<Results['predictions']>;
  readonly inputs$: Observable<Results['inputs']>;
  readonly updates$: Observable<Results['updates']>;
  readonly metrics$: Observable<Results['metrics']>;
  /** Now, and then after changes: at most once a second, and only the latest. */
  readonly weights$: Observable<Results['weights']>;
  readonly events$: Observable<Results['events']>;
  /** Each time that the server takes a subscription to a view of this sequence; on subscription, the last one. */
  readonly joined$: Observable<Joined>;
  /** Gives a view with options. @throws EddyError `setting-invalid` */
  view<K extends View>(kind: K, options?: ViewOptions): Observable<Results[K]>;
}

/**
 * An open sequence: what a producer needs, and its results. It is an Observer: `sensor$.subscribe(handle)` pushes each
 * step that the source gives.
 *
 * Back-pressure: an Observable cannot wait, so `overflow` decides when the outbox is full. With `drop-oldest-unsent` the
 * handle goes on and counts the dropped steps. With `fail`, as for a step of a wrong shape, the error goes to `errors$` and
 * `next` takes no more steps, since the sequence would have a hole; an Observer cannot unsubscribe from its source. Use
 * `pump` where the source should be unsubscribed, or can wait.
 */
export interface SequenceHandle extends Watch, Observer<StepInput> {
  /** Resolves at the first `opened`; rejects with the error if the server refuses. Steps may be pushed before. */
  readonly opened: Promise<Opened>;
  /** The last durable step; on subscription, the one known by then. */
  readonly acked$: Observable<number>;
  /** Errors about this sequence that answer no request. While nobody listens they go to `client.errors$`. */
  readonly errors$: Observable<Report>;
  /** Steps that `push` takes now. */
  readonly room: number;
  /** Steps that are not acked. */
  readonly unacked: number;
  /** Late targets that are not durable yet; `room` has as many less than `outbox` at most. */
  readonly unackedTargets: number;
  /** Steps given up by `drop-oldest-unsent`. */
  readonly dropped: number;
  /**
   * Hands over the next step: x [B,F], or readings by name, and its target [B,M] and time if known. Copies them. A gap is
   * null or NaN. The steps of one turn of the event loop leave together, in blocks.
   *
   * A step that the server refuses stops the handle: it is reported, no step is sent after it, and `push` throws it.
   *
   * @example
   * handle.push({ values: { temperature: 21.4, humidity: null }, t: Date.now() });
   * @throws EddyError `outbox-full`, `step-shape`, `step-non-finite`, `target-*`, `field-unknown`, `fields-invalid` for names
   * before the fields are known, `message-too-large`, `client-closed`
   */
  push(step: StepInput, target?: ArrayLike<number>): PushedStep;
  /**
   * Appends a step that the server numbers: for several producers of one sequence, and for sequences that are resampled.
   * Resolves with the number when the step is durable; in a resampled sequence, when its bin is. It has its effect once,
   * whatever is resent.
   *
   * @throws EddyError as a rejection: `step-*`, `target-*`, `field-unknown`, `key-conflict`, `outbox-full`, `client-closed`
   */
  append(step: StepInput, options?: AppendOptions): Promise<number>;
  /** Closes the open bins of a resampled sequence, as at the end of a file. */
  flush(): Promise<void>;
  /** Pushes a step. Never throws: the first step that cannot be taken is reported, and all after it are ignored. */
  next(step: StepInput): void;
  /** Reports that a source failed, as `input-invalid` with its error as the cause. The handle stays open for another. */
  error(reason: unknown): void;
  /** The same as `close()`: the steps pushed so far are acked first. An error meanwhile is reported. */
  complete(): void;
  /**
   * Pushes the steps of a source, and resolves when it has ended and all its steps are taken. An iterable, async or not, is
   * read no faster than there is room. An Observable cannot wait: it needs `overflow: 'drop-oldest-unsent'`, or an
   * outbox that is large enough. Rejects with the error of the source or of the step that cannot be taken, and leaves the
   * source. The handle stays open.
   *
   * @example
   * await handle.pump(readRows('pump.csv'));
   * await handle.close();
   */
  pump(source: StepSource): Promise<void>;
  /**
   * Gives a late target [B,M] to a step, by receipt or number. It goes with its step, if that was not sent yet, and else
   * after it. It is kept until it is durable, and sent again after a broken connection:
   * it counts exactly once. Resolves when it is durable; rejects if the server refuses it, which `errors$` tells too.
   *
   * @throws EddyError `target-*`, `outbox-full`, `message-too-large`, `client-closed`
   */
  learn(step: PushedStep | number, target: ArrayLike<number>): Promise<void>;
  /** Changes settings, after the steps pushed so far. Rejects with `connection-lost` if the answer does not come. */
  configure(settings: { readonly learning?: boolean; readonly learningRate?: number }): Promise<void>;
  /** Sets the state, or state and weights, back to the first, after the steps pushed so far. Numbers go on. */
  reset(what: 'state' | 'weights'): Promise<void>;
  /** Makes a checkpoint, after the steps pushed so far; resolves when it is durable. */
  checkpoint(): Promise<void>;
  /** Resolves as soon as `push` takes a step; look at `room` first, and push as many, to send blocks. */
  ready(): Promise<void>;
  /** Resolves as soon as all steps pushed so far are acked. */
  drained(): Promise<void>;
  /** Takes no more steps, waits until all are acked, and gives the channel back. */
  close(): Promise<void>;
}

export interface Client {
  /** Where the connection stands; on subscription, now. */
  readonly state$: Observable<ConnectionState>;
  /** Errors that nobody else received. */
  readonly errors$: Observable<Report>;
  /** Opens a sequence to push steps to. @throws EddyError `sequence-exists` where this client has it open already */
  open(sequence: string, options?: OpenOptions): SequenceHandle;
  /** Watches a sequence without opening it. Waits for one that does not exist yet. */
  watch(sequence: string): Watch;
  /** Lists the sequences that the server knows, in the order of their names, from the first after `after` on. */
  list(options?: ListOptions): Promise<Listing>;
  /** Removes a sequence and all that was kept of it. */
  remove(sequence: string): Promise<void>;
  /** Gives a whole sequence as a safetensors file, over HTTP. */
  export(sequence: string): Promise<Uint8Array>;
  /** Makes a sequence of such a file. */
  import(sequence: string, file: Uint8Array): Promise<void>;
  /** Closes at once, for good. What is not acked is given up: `await handle.drained()` first. */
  close(): void;
}
