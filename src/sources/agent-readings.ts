/** The readings of one sequence in one request of an agent: one for each time, in the order of their times. */
import type { Pieces } from '../math/pieces.js';
import { MAX_FIELDS } from '../protocol/messages.js';
import { inOrderOfTime } from './in-order.js';
import type { RequestMemory } from './request-memory.js';

/** What a request tells of one sequence and one time. */
export interface AgentReading<V extends number | boolean = number | boolean> {
  /** Milliseconds since 1970; NaN without a time. */
  readonly t: number;
  readonly values: Record<string, V>;
  /** Number of the line, or of the series, that first tells of it, from 1. */
  readonly line: number;
}

/** What it costs to look at one. */
const WORK = 2 ** 7;
/** How many are looked at at once. */
const PIECE = 2 ** 10;

export const TOO_WIDE = `a step has at most ${MAX_FIELDS} fields, and lines of this time tell of more`;

/** Values of one time that come together. They are counted now and then, so that many lines of few fields cost no more. */
class Merging<V extends number | boolean> {
  private width: number;
  /** Was there no room once? Then there is none for the rest, and nothing is counted again. */
  private isFull = false;

  constructor(
    private readonly values: Record<string, V>,
    width: number,
  ) {
    this.width = width;
  }

  /** Takes more of them; of one field the later one counts. Gives whether there is room. */
  add(values: Readonly<Record<string, V>>, width: number): boolean {
    this.width += width;
    if (!this.isFull && this.width > 2 * MAX_FIELDS) {
      this.width = Object.keys(this.values).length + width;
      this.isFull ||= this.width > 2 * MAX_FIELDS;
    }
    if (this.isFull) return false;
    Object.assign(this.values, values);
    return true;
  }
}

export class AgentReadings<V extends number | boolean> {
  private readonly list: AgentReading<V>[] = [];
  private last: AgentReading<V> | null = null;
  private merging: Merging<V> | null = null;
  private lastWidth = 0;
  private latest = Number.NEGATIVE_INFINITY;
  private isOrdered = true;

  /** @param memory counts that of the request */
  constructor(private readonly memory: RequestMemory) {}

  /**
   * Adds values to the reading of their time, where that is the last one. Those without a time are readings of their own.
   *
   * @param width how many they are
   * @returns whether there was room for them
   */
  add(t: number, values: Record<string, V>, width: number, line: number): boolean {
    const { last } = this;
    if (last?.t === t) {
      this.merging ??= new Merging(last.values, this.lastWidth);
      this.memory.addValues(width);
      return this.merging.add(values, width);
    }
    // untimed ones are last
    const isBehind = Number.isNaN(t) || (t > this.latest && !Number.isNaN(last?.t ?? t));
    if (!isBehind) this.isOrdered = false;
    if (t > this.latest) this.latest = t;
    this.last = { t, values, line };
    this.merging = null;
    this.lastWidth = width;
    this.list.push(this.last);
    this.memory.addReading(width);
    return true;
  }

  /**
   * Gives them in the order of their times, and then those without; those of one time are one.
   *
   * @param onTooWide told the line of one that there was no room for
   */
  *inOrder(onTooWide: (line: number) => void): Pieces<readonly AgentReading<V>[]> {
    if (this.isOrdered) return this.list;
    const merged: AgentReading<V>[] = [];
    let last: AgentReading<V> | null = null;
    let merging: Merging<V> | null = null;
    let seen = 0;
    for (const reading of yield* inOrderOfTime(this.list)) {
      if (++seen % PIECE === 0) yield PIECE * WORK;
      if (last?.t !== reading.t) {
        last = reading;
        merging = null;
        merged.push(reading);
        continue;
      }
      merging ??= new Merging(last.values, Object.keys(last.values).length);
      if (!merging.add(reading.values, Object.keys(reading.values).length)) onTooWide(reading.line);
    }
    return merged;
  }
}
