/**
 * Sheds new work before it hurts existing work: while a probe reads above its limit, new sockets, sequences and views are
 * refused, and existing ones go on. A change of state takes two readings in a row, and recovery a reading well below the
 * limit, so that the shedder neither reacts to a single hiccup nor flutters.
 */
import type { SchedulerLike, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';

export interface Probe {
  readonly name: string;
  readonly unit: 'ms' | 'bytes';
  /** The highest acceptable reading. */
  readonly limit: number;
  /** Takes a reading; called once per sample. */
  read(): number;
}

export interface LoadShedderParts {
  readonly scheduler: SchedulerLike;
  readonly probes: readonly Probe[];
  /** Called on every change with the reason for refusing new work, or null. */
  readonly onChange: (reason: string | null) => void;
}

/** Milliseconds between samples. */
export const LOOK_MS = 500;
/** Consecutive samples that a change takes. */
const LOOKS = 2;
/** Share of its limit below which a probe has recovered. */
const CALM = 0.9;

export class LoadShedder {
  /** The last reading of each probe. */
  readonly readings = new Map<string, number>();
  /** Why new work is refused, or null while it is accepted. */
  reason: string | null = null;
  /** Consecutive samples in favour of a change. */
  private votes = 0;
  private timer: Subscription;

  constructor(private readonly parts: LoadShedderParts) {
    this.timer = this.scheduleLook();
  }

  /** Lets new work pass unless overloaded. @throws EddyError `overloaded` */
  check(what: string): void {
    if (this.reason !== null)
      throw new EddyError('overloaded', `no new ${what} at present: ${this.reason}; try again later`);
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
