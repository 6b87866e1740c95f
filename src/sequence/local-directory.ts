import { ignoreElements, mergeAll, Observable } from 'rxjs';
import type { Clock } from '../clock.js';
import type { SchemaInput } from '../fields/sequence-schema.js';
import type { Pieces } from '../math/pieces.js';
import type { Directory, Listed, ListQuery, OpenedSequence, OpenMode, SequenceList } from './directory.js';
import type { SequenceHandle } from './handle.js';
import { LocalHandle } from './local-handle.js';
import type { Registry } from './registry.js';
import { healthOf, type SequenceHealth, toldHealth } from './sequence-health.js';
import type { Summary } from './summary.js';

/** The sequences of this process. What is quick is answered in the same call. */
export class LocalDirectory implements Directory {
  constructor(
    private readonly registry: Registry,
    private readonly clock: Pick<Clock, 'monotonic' | 'wall'>,
  ) {}

  open(
    name: string,
    mode: OpenMode,
    asked: SchemaInput,
    checkNew: () => void,
    asker: object = this,
  ): Observable<OpenedSequence> {
    const { registry } = this;
    return registry.work.on(name, asker, function* () {
      if (mode !== 'resume' && !registry.has(name)) checkNew();
      const { sequence, created, order } = yield* registry.opening(name, mode, asked);
      registry.hold(sequence);
      const handle = new LocalHandle(sequence, order, asker, () => registry.release(sequence));
      try {
        // what it is set to is told with the answer
        if (!sequence.isAwake) yield* sequence.through({ kind: 'wake' });
      } catch (error) {
        handle.release();
        throw error;
      }
      return { handle, created };
    });
  }

  get(name: string, asker: object = this): Observable<SequenceHandle> {
    const { registry } = this;
    return registry.work.on(name, asker, function* () {
      return new LocalHandle(yield* registry.finding(name), null, asker, () => undefined);
    });
  }

  list({ after, limit, covers, only, asker = this }: ListQuery): Observable<SequenceList> {
    return new Observable((subscriber) => {
      const { registry } = this;
      const pieces = this.listing({ after, limit, covers, only });
      const piece = (): number | null => {
        try {
          const { done, value } = pieces.next();
          if (!done) return value;
          subscriber.next(value);
          subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        }
        return null;
      };
      while (registry.turns.mayActNow(LOOKED_WORK)) if (piece() === null) return undefined;
      return registry.turns.add({ kind: 'beside', owner: asker, piece });
    });
  }

  private *listing({ after, limit, covers, only }: ListQuery): Pieces<SequenceList> {
    const { registry } = this;
    const sequences: Listed[] = [];
    let numbers = 0;
    let looked = 0;
    let last = after;
    let more = false;
    for (const name of this.namesAfter(last, only)) {
      if (++looked % LOOKED_AT_ONCE === 0) yield LOOKED_WORK;
      last = name;
      if (covers && !covers(name)) continue;
      if (sequences.length === limit || numbers > LISTED_NUMBERS) {
        more = true;
        break;
      }
      const entry = this.entryOf(name);
      numbers += ENTRY_NUMBERS + 4 * (entry.schema?.fields.length ?? 0);
      sequences.push(entry);
    }
    let total = covers ? 0 : registry.size;
    if (covers)
      for (const name of this.namesAfter('', undefined)) {
        if (++looked % COUNTED_AT_ONCE === 0) yield LOOKED_WORK;
        if (covers(name)) total++;
      }
    return { total, sequences, more };
  }

  /** Names may come and go between two pieces, so they are asked for a few at a time. */
  private *namesAfter(after: string, only: string | undefined): Iterable<string> {
    const { registry } = this;
    if (only !== undefined) {
      if (registry.has(only)) yield only;
      return;
    }
    for (let last = after; ; ) {
      let read = 0;
      for (const name of registry.names(last)) {
        if (++read > COUNTED_AT_ONCE) break;
        last = name;
        yield name;
      }
      if (read <= COUNTED_AT_ONCE) return;
    }
  }

  remove(name: string, asker: object = this): Observable<never> {
    const { registry } = this;
    // biome-ignore lint/correctness/useYield: it waits for its turn, and is quick
    const removed$ = registry.work.on(name, asker, function* (): Pieces<Promise<void>> {
      return registry.remove(name);
    });
    return removed$.pipe(mergeAll(), ignoreElements());
  }

  export(name: string, asker: object = this): Observable<Uint8Array> {
    return this.registry.work.on(name, asker, () => this.registry.exporting(name));
  }

  import(name: string, file: Uint8Array, asker: object = this): Observable<never> {
    return this.registry.work
      .on(name, asker, () => this.registry.importing(name, file))
      .pipe(mergeAll(), ignoreElements());
  }

  private entryOf(name: string): Listed {
    const sequence = this.registry.inMemory(name);
    if (!sequence) {
      const told = this.registry.summaryOf(name);
      return { sequence: name, awake: false, ...listed(told, toldHealth(told, this.clock.wall())) };
    }
    const { lastStepAt, isAwake } = sequence;
    const age = lastStepAt === null ? null : Math.round(this.clock.monotonic() - lastStepAt);
    const told = listed(sequence.summary(), healthOf(sequence, this.clock));
    return { sequence: name, awake: isAwake, age, ...told };
  }
}

/** What a list tells of what a sequence tells. */
const listed = (
  { arrivals: _, health: __, events: ___, ...told }: Partial<Summary>,
  health: SequenceHealth | null,
) => ({
  ...told,
  ...(health && { health: { ...health } }),
});

/** How much one answer tells, in words of text: the rest follows in the next one. */
const LISTED_NUMBERS = 50_000;
const ENTRY_NUMBERS = 50;
/** How many sequences are looked at in one piece: reading what the store tells takes up to 0.1 ms; a name alone next to nothing. */
const LOOKED_AT_ONCE = 20;
const COUNTED_AT_ONCE = 1000;
const LOOKED_WORK = 2 ** 22;
