/**
 * `GET /sequences/NAME/VIEW` as server-sent events: a view as it goes on. Each event has the id `epoch:seq`, so that a browser that
 * comes back with `Last-Event-ID` goes on behind it. Who does not keep up gets only the latest, and is told how many it missed.
 */
import type { ServerResponse } from 'node:http';
import { firstValueFrom, type Subscription } from 'rxjs';
import type { Clock } from '../../../clock.js';
import { EddyError } from '../../../errors.js';
import type { Limits } from '../../../limits.js';
import type { ViewMessage } from '../../../protocol/views/index.js';
import { countOf } from '../../../protocol/views/index.js';
import type { Directory } from '../../../sequence/directory.js';
import type { SequenceHandle } from '../../../sequence/handle.js';
import type { After } from '../../../sequence/results/watched.js';
import type { LoadShedder } from '../../load/load-shedder.js';
import type { Exchange } from '../http.js';
import type { Door } from './door.js';
import { objectOf, spanOf } from './read-view.js';
import { type TableView, type ViewTable, viewTable } from './view-table.js';

export interface EventStreamParts {
  readonly door: Door;
  readonly directory: Directory;
  readonly guard: Pick<LoadShedder, 'check'>;
  readonly clock: Pick<Clock, 'background' | 'monotonic' | 'wall'>;
  readonly limits: Pick<Limits, 'queueLatestBytes' | 'queueCloseMs' | 'pingMs'>;
}

export const EVENT_STREAM = 'text/event-stream';
/** Milliseconds after which a browser comes back that was cut off. */
const RETRY_MS = 2000;
/** Milliseconds between two looks at all streams. */
const LOOK_MS = 1000;

export class EventStreams {
  private readonly open = new Set<EventStream>();
  private looking: Subscription | null = null;

  constructor(private readonly parts: EventStreamParts) {}

  get size(): number {
    return this.open.size;
  }

  async begin(view: TableView, { request, response, name, query }: Exchange): Promise<void> {
    const { door, directory, guard } = this.parts;
    const { access } = await door.admit(request, 'subscribe', name);
    guard.check('views');
    const handle = await firstValueFrom(directory.get(name, request));
    const after = afterOf(request.headers['last-event-id']);
    const options = { every: 0, delivery: 'every', ranges: true } as const;
    const isPast = ['last', 'from'].some((word) => query.has(word));
    const stream = new EventStream(this.parts, response, viewTable(view, handle), handle, access.expires);
    const reader = { owner: request, hasRoom: () => stream.hasRoom };
    if (query.has('to'))
      throw new EddyError('message-invalid', 'to ends a span of time, and an event stream has no end');
    const { to: _, ...since } = spanOf(query);
    const { results$ } = after
      ? handle.since(view, options, { after }, reader)
      : isPast
        ? handle.since(view, options, since, reader)
        : { results$: handle.watch(view, options) };
    this.open.add(stream);
    this.lookLater();
    response.once('close', () => this.open.delete(stream));
    stream.follow(
      results$.subscribe({
        next: (message) => stream.take(message),
        error: () => stream.end(),
        complete: () => stream.end(),
      }),
    );
  }

  /** Keeps looking as long as there is a stream. */
  private lookLater(): void {
    this.looking ??= this.parts.clock.background.schedule(() => {
      this.looking = null;
      for (const stream of this.open) stream.look();
      if (this.open.size > 0) this.lookLater();
    }, LOOK_MS);
  }

  /** Ends all streams: browsers come back by themselves, with the token that they have. */
  end(): void {
    for (const stream of this.open) stream.end();
  }
}

/** Reads `epoch:seq` or, of events, `epoch:seq:number`. */
function afterOf(id: string | string[] | undefined): After | undefined {
  const found = /^([^:]+):(\d+)(?::(\d+))?$/.exec(typeof id === 'string' ? id : '');
  if (!found) return undefined;
  const [, epoch = '', seq, event] = found;
  return { epoch, seq: Number(seq), ...(event !== undefined && { event: Number(event) }) };
}

class EventStream {
  /** The latest message while the stream is full, and how many were left out. */
  private held: ViewMessage | null = null;
  private skipped = 0;
  private fullSince: number | null = null;
  private results: Subscription | null = null;
  private heardAt: number;

  constructor(
    private readonly parts: EventStreamParts,
    private readonly response: ServerResponse,
    private readonly table: ViewTable,
    private readonly handle: SequenceHandle,
    private readonly expires: number,
  ) {
    const { clock } = parts;
    this.heardAt = clock.monotonic();
    response.writeHead(200, {
      'content-type': EVENT_STREAM,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    response.on('drain', () => this.release());
    response.once('close', () => this.end());
  }

  get hasRoom(): boolean {
    return this.response.writableLength < this.parts.limits.queueLatestBytes / 2;
  }

  follow(results: Subscription): void {
    this.results = results;
    if (this.response.destroyed) results.unsubscribe();
  }

  take(message: ViewMessage): void {
    if (this.response.writableLength < this.parts.limits.queueLatestBytes) return this.write(message);
    this.fullSince ??= this.parts.clock.monotonic();
    if (this.held) this.skipped += countOf(this.held);
    this.held = message;
  }

  end(): void {
    this.results?.unsubscribe();
    if (!this.response.writableEnded) this.response.end();
  }

  private write(message: ViewMessage): void {
    const { table, handle, skipped } = this;
    this.skipped = 0;
    this.heardAt = this.parts.clock.monotonic();
    const missed = message.skipped + skipped;
    let text = missed > 0 ? `event: skipped\ndata: ${JSON.stringify({ skipped: missed })}\n\n` : '';
    for (const row of table.rowsOf(message))
      text += `id: ${handle.epoch}:${row.mark}\nevent: ${message.type}\ndata: ${JSON.stringify(objectOf(table, row))}\n\n`;
    if (text !== '') this.response.write(text);
  }

  /** There is room again. */
  private release(): void {
    const { held } = this;
    this.held = this.fullSince = null;
    if (held) this.write(held);
  }

  /** Gives up on who takes nothing, ends with the token, and keeps a quiet connection alive. */
  look(): void {
    const { clock, limits } = this.parts;
    const now = clock.monotonic();
    if (clock.wall() >= this.expires) return this.end();
    if (this.fullSince !== null && now - this.fullSince >= limits.queueCloseMs) this.response.destroy();
    else if (now - this.heardAt >= limits.pingMs) {
      this.heardAt = now;
      this.response.write(': still here\n\n');
    }
  }
}
