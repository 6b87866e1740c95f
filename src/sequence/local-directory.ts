import { defer, from, ignoreElements, type Observable, of } from 'rxjs';
import type { Clock } from '../clock.js';
import type { Directory, Listed, ListQuery, OpenedSequence, OpenMode, SequenceList } from './directory.js';
import type { SequenceHandle } from './handle.js';
import { LocalHandle } from './local-handle.js';
import type { Registry } from './registry.js';
import type { Sequence } from './sequence.js';

/** The sequences of this process. Opening, finding and listing them answer in the same call. */
export class LocalDirectory implements Directory {
  constructor(
    private readonly registry: Registry,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  open(name: string, mode: OpenMode, spec: unknown, checkNew: () => void): Observable<OpenedSequence> {
    return defer(() => {
      const { registry } = this;
      if (mode !== 'resume' && !registry.has(name)) checkNew();
      const { sequence, created } = registry.open(name, mode, spec);
      registry.hold(sequence);
      const handle = new LocalHandle(sequence, () => registry.release(sequence));
      return of({ handle, created });
    });
  }

  get(name: string): Observable<SequenceHandle> {
    return defer(() => of(new LocalHandle(this.registry.get(name), () => undefined)));
  }

  list({ after, limit, covers }: ListQuery): Observable<SequenceList> {
    return defer(() => {
      const now = this.clock.monotonic();
      const sequences: Listed[] = [];
      for (const { name, sequence } of this.registry.list(after)) {
        if (covers && !covers(name)) continue;
        sequences.push(
          sequence ? { sequence: name, ...detailsOf(sequence, now) } : { sequence: name, awake: false },
        );
        if (sequences.length === limit) break;
      }
      return of({ total: this.totalOf(covers), sequences });
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

  private totalOf(covers: ListQuery['covers']): number {
    if (!covers) return this.registry.size;
    let total = 0;
    for (const { name } of this.registry.list()) if (covers(name)) total++;
    return total;
  }
}

function detailsOf(sequence: Sequence, now: number): Omit<Listed, 'sequence'> {
  const { course, seq, epoch, spec, lastStepAt } = sequence;
  const awake = course !== null;
  const age = lastStepAt === null ? null : Math.round(now - lastStepAt);
  const place = { awake, seq, epoch, age, spec: { ...spec } };
  if (!course) return place;
  const { learning, updates, anomaly, metrics } = course.model;
  const { scored, recentMae, recentSkill } = metrics;
  return { ...place, learning, updates, anomaly, scored, recentMae, recentSkill };
}
