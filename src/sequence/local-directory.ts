import { defer, from, ignoreElements, Observable, of } from 'rxjs';
import type { Clock } from '../clock.js';
import type { SchemaInput } from '../fields/sequence-schema.js';
import type { Directory, Listed, ListQuery, OpenedSequence, OpenMode, SequenceList } from './directory.js';
import type { SequenceHandle } from './handle.js';
import { LocalHandle } from './local-handle.js';
import type { Registry } from './registry.js';
import { healthOf, type SequenceHealth, toldHealth } from './sequence-health.js';
import type { Summary } from './summary.js';

/** The sequences of this process. Opening, finding and listing them answer in the same call. */
export class LocalDirectory implements Directory {
  constructor(
    private readonly registry: Registry,
    private readonly clock: Pick<Clock, 'monotonic' | 'wall'>,
  ) {}

  open(name: string, mode: OpenMode, asked: SchemaInput, checkNew: () => void): Observable<OpenedSequence> {
    return defer(() => {
      const { registry } = this;
      if (mode !== 'resume' && !registry.has(name)) checkNew();
      const { sequence, created, order } = registry.open(name, mode, asked);
      registry.hold(sequence);
      const handle = new LocalHandle(sequence, order, () => registry.release(sequence));
      return of({ handle, created });
    });
  }

  get(name: string): Observable<SequenceHandle> {
    return defer(() => of(new LocalHandle(this.registry.get(name), null, () => undefined)));
  }

  list({ after, limit, covers, only }: ListQuery): Observable<SequenceList> {
    return new Observable((subscriber) => {
      const { registry } = this;
      const sequences: Listed[] = [];
      let numbers = 0;
      let last = after;
      /** Tells of some; true when the answer is complete. */
      const slice = (): boolean => {
        let read = 0;
        for (const name of only === undefined ? registry.names(last) : registry.has(only) ? [only] : []) {
          if (read === LISTED_AT_ONCE) return false;
          last = name;
          if (covers && !covers(name)) continue;
          if (sequences.length === limit || numbers > LISTED_NUMBERS) return answer(true);
          const entry = this.entryOf(name);
          read++;
          numbers += ENTRY_NUMBERS + 4 * (entry.schema?.fields.length ?? 0);
          sequences.push(entry);
        }
        return answer(false);
      };
      const answer = (more: boolean): true => {
        subscriber.next({ total: this.totalOf(covers), sequences, more });
        subscriber.complete();
        return true;
      };
      if (slice()) return;
      return registry.turns.add(() => {
        try {
          return slice();
        } catch (error) {
          subscriber.error(error);
          return true;
        }
      });
    });
  }

  remove(name: string): Observable<never> {
    return defer(() => from(this.registry.remove(name)).pipe(ignoreElements()));
  }

  export(name: string): Observable<Uint8Array> {
    return defer(() => of(this.registry.exportOf(name)));
  }

  import(name: string, file: Uint8Array): Observable<never> {
    return defer(() => from(this.registry.importAs(name, file)).pipe(ignoreElements()));
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

  private totalOf(covers: ListQuery['covers']): number {
    if (!covers) return this.registry.size;
    let total = 0;
    for (const name of this.registry.names()) if (covers(name)) total++;
    return total;
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
/** How many sequences are looked up at a time: reading what the store tells takes up to 0.1 ms. */
const LISTED_AT_ONCE = 50;
