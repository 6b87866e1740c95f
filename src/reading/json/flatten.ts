/** A value of JSON to cells by name: what is nested has its path as its name, `v.temp` or `v.0`. */
import type { Cell } from '../reading.js';

/** Names of columns, at most; a file with more has its values as keys. */
const MAX_NAMES = 10_000;
/** How deep values may be nested. */
const MAX_DEPTH = 16;

export class Flattener {
  readonly names: string[] = [];
  private readonly places = new Map<string, number>();

  /** @param told names of the columns of a record that is an array */
  constructor(private readonly told: readonly string[] = []) {}

  /** Gives the cells of a record, in the order of `names`, which grow; or what is wrong with it, as text. */
  cellsOf(value: unknown): Cell[] | string {
    if (typeof value !== 'object' || value === null) return 'neither an object nor an array';
    const cells: Cell[] = [];
    const fault = Array.isArray(value)
      ? firstOf(value, (item, i) => this.put(cells, this.told[i] ?? `x${i}`, item, 1))
      : firstOf(Object.entries(value), ([key, item]) => this.put(cells, key, item, 1));
    return fault ?? cells;
  }

  private put(cells: Cell[], name: string, value: unknown, depth: number): string | null {
    if (typeof value === 'object' && value !== null) {
      if (depth === MAX_DEPTH) return `${name} is nested too deeply`;
      // the keys of an array are its indices
      const entries: [string, unknown][] = Object.entries(value);
      return firstOf(entries, ([key, item]) => this.put(cells, `${name}.${key}`, item, depth + 1));
    }
    let at = this.places.get(name);
    if (at === undefined) {
      if (this.names.length === MAX_NAMES) return `more than ${MAX_NAMES} names`;
      at = this.names.push(name) - 1;
      this.places.set(name, at);
    }
    if (cells[at] !== undefined) return `${JSON.stringify(name)} comes twice`;
    cells[at] = value as Cell;
    return null;
  }
}

/** Gives the first fault of any item, or null. */
function firstOf<T>(items: readonly T[], check: (item: T, index: number) => string | null): string | null {
  for (const [i, item] of items.entries()) {
    const fault = check(item, i);
    if (fault !== null) return fault;
  }
  return null;
}
