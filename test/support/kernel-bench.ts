/** What the contract of the kernels is held with: named arrays in one arena, and plain matrices to compare with. */
import type { Address, Arena, Kernels, Reals } from '../../src/kernels/kernels.js';

export type Matrix = number[][];

/** Takes batch row `row` out of [T,B,width]. */
export const rowOf = (values: readonly number[], row: number, B: number, width: number): number[] =>
  values.filter((_, i) => Math.floor(i / width) % B === row);

export const matmul = (a: Matrix, b: Matrix): Matrix => {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, value, i) => sum + value * column[i]!, 0)));
};
export const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
/** Adds the one row b to every row of a. */
export const add = (a: Matrix, [b]: Matrix): Matrix => a.map((row) => row.map((value, j) => value + b![j]!));

/**
 * Lays named arrays into one arena with guards between them, of a length that leaves no part aligned to four numbers.
 * The arena is not the first of its kernels, so that its base need not be 0.
 */
export class Bench {
  private readonly arena: Arena;
  private readonly addresses = new Map<string, { at: Address; length: number }>();
  private readonly base: Address;
  private readonly end: Address;
  private before: Reals;

  constructor(
    readonly kernels: Kernels,
    parts: Record<string, readonly number[]>,
    /** Rows of the parts that are weight matrices, or several one over the other, which the kernels keep packed. */
    private readonly rows: Record<string, number | readonly number[]> = {},
  ) {
    const guard = 3;
    const total = Object.values(parts).reduce((sum, part) => sum + part.length + guard, guard);
    kernels.allocate(5);
    this.arena = kernels.allocate(total);
    const { data, base } = this.arena;
    this.base = base;
    this.end = base + total;
    data.fill(-7.25, base, this.end);
    let at = base + guard;
    for (const [name, part] of Object.entries(parts)) {
      this.addresses.set(name, { at, length: part.length });
      data.set(part, at);
      this.permute('pack', name, data, at, part.length);
      at += part.length + guard;
    }
    this.before = data.slice(base, this.end);
  }

  /** The memory, which may have moved since. */
  get m(): Reals {
    return this.arena.data;
  }

  at<Names extends string[]>(...names: Names): { [K in keyof Names]: Address } {
    return names.map((name) => this.addresses.get(name)!.at) as { [K in keyof Names]: Address };
  }

  part(name: string): Reals {
    const { at, length } = this.addresses.get(name)!;
    const part = this.m.slice(at, at + length);
    this.permute('unpack', name, part, 0, length);
    return part;
  }

  private permute(how: 'pack' | 'unpack', name: string, m: Reals, at: Address, length: number): void {
    const stack = [this.rows[name] ?? []].flat();
    const columns = length / stack.reduce((sum, rows) => sum + rows, 0);
    let next = at;
    for (const rows of stack) {
      this.kernels[how](m, next, rows, columns);
      next += rows * columns;
    }
  }

  read(name: string): number[] {
    return Array.from(this.part(name));
  }

  /** Gives parts as matrices of the widths asked for. */
  matrices<Widths extends Record<string, number>>(widths: Widths): { [K in keyof Widths]: Matrix } {
    const entries = Object.entries(widths).map(([name, width]) => {
      const values = this.read(name);
      const rows = Array.from({ length: values.length / width }, (_, r) =>
        values.slice(r * width, (r + 1) * width),
      );
      return [name, rows];
    });
    return Object.fromEntries(entries) as { [K in keyof Widths]: Matrix };
  }

  /** Takes what is there now as what {@link changed} compares with. */
  settle(): void {
    this.before = this.m.slice(this.base, this.end);
  }

  /** Names, in the order of the alphabet, the parts that have changed, and 'guard' where anything between them has. */
  changed(): string[] {
    const names = new Set<string>();
    for (let at = this.base; at < this.end; at++) {
      if (Object.is(this.m[at], this.before[at - this.base])) continue;
      const part = [...this.addresses].find(([, { at: from, length }]) => at >= from && at < from + length);
      names.add(part?.[0] ?? 'guard');
    }
    return [...names].sort();
  }
}
