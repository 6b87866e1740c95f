/**
 * Sheds new work before it hurts old: while a probe reads more than it may, new sockets, sequences and views are
 * refused, and what is there goes on. A change takes two looks in a row that say so, and calm comes only well below the
 * line, so that the guard neither answers to one hiccup nor flutters.
 */
import type { SchedulerLike, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';

export interface Probe {
  readonly name: string;
  readonly unit: 'ms' | 'bytes';
  /** The most it may read. */
  readonly limit: number;
  /** Reads it; called once every look. */
  read(): number;
}

export interface LoadShedderParts {
  readonly scheduler: SchedulerLike;
  readonly probes: readonly Probe[];
  /** Hears of every change: why new work is refused, or null. */
  readonly onChange: (reason: string | null) => void;
}

/** Milliseconds between looks. */
export const LOOK_MS = 500;
/** Looks in a row that it takes to change. */
const LOOKS = 2;
/** Share of its limit under which a probe is calm. */
const CALM = 0.9;

export class LoadShedder {
  /** What each probe read last. */
  readonly readings = new Map<string, number>();
  /** Why new work is refused, or null where it is taken. */
  reason: string | null = null;
  /** Looks in a row that spoke for a change. */
  private votes = 0;
  private timer: Subscription;

  constructor(private readonly parts: LoadShedderParts) {
    this.timer = this.scheduleLook();
  }

  /** Lets new work pass. @throws EddyError `overloaded` */
  check(what: string): void {
    if (this.reason !== null)
      throw new EddyError('overloaded', `no new ${what} for now: ${this.reason}; try again later`);
  }

  end(): void {
    this.timer.unsubscribe();
  }

  private scheduleLook(): Subscription {
    return this.parts.scheduler.schedule(() => {
      this.look();
      this.timer = this.scheduleLook();
    }, LOOK_MS);
  }

  private look(): void {
    const share = this.reason === null ? 1 : CALM;
    const over = this.read().find(([{ limit }, reading]) => reading > limit * share);
    const speaksForChange = (over !== undefined) !== (this.reason !== null);
    this.votes = speaksForChange ? this.votes + 1 : 0;
    if (this.votes < LOOKS) return;
    this.votes = 0;
    this.reason = over ? describe(...over) : null;
    this.parts.onChange(this.reason);
  }

  private read(): (readonly [Probe, number])[] {
    return this.parts.probes.map((probe) => {
      const reading = probe.read();
      this.readings.set(probe.name, reading);
      return [probe, reading] as const;
    });
  }
}

function describe({ name, unit, limit }: Probe, reading: number): string {
  return `${name} is ${Math.round(reading)} ${unit}, over ${Math.round(limit)}`;
}
