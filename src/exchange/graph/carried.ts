/**
 * What a graph carries from step to step beside h: one vector, of which each part has its place. Where the h that is fed
 * begins with NaN, the graph begins where the sequence was, and what is fed as the vector is not looked at.
 */
import type { Graph, Value } from './graph.js';

export interface StartArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

interface Part {
  readonly name: string;
  readonly shape: readonly number[];
  readonly at: number;
  readonly length: number;
  next: Value | null;
}

export class Carried {
  private readonly parts = new Map<string, Part>();
  private length = 0;
  private state: Value = '';
  private isStart: Value = '';

  /**
   * @param start what is carried, as it is at the beginning
   * @param h0 the state h at the beginning [B,N]
   */
  constructor(
    private readonly graph: Graph,
    start: ReadonlyMap<string, StartArray>,
    private readonly h0: StartArray,
  ) {
    for (const [name, { shape, data }] of start) {
      this.parts.set(name, { name, shape, at: this.length, length: data.length, next: null });
      this.length += data.length;
    }
    const { shape } = h0;
    const fed = graph.input('h', 'float', shape);
    const first = graph.reshape(graph.slice(graph.slice(fed, 0, 0, 1), 1, 0, 1), [1]);
    this.isStart = graph.isNaN(first);
    this.h = graph.where(this.isStart, graph.tensor('h_start', 'float', shape, h0.data), fed);
    if (this.length === 0) return;
    const all = new Float64Array(this.length);
    for (const part of this.parts.values()) all.set(Array.from(start.get(part.name)!.data), part.at);
    const vector = graph.input('state', 'double', [this.length]);
    this.state = graph.where(this.isStart, graph.tensor('state_start', 'double', [this.length], all), vector);
  }

  /** h as the step finds it [B,N]. */
  readonly h: Value;

  has(name: string): boolean {
    return this.parts.has(name);
  }

  shapeOf(name: string): readonly number[] {
    return this.partOf(name).shape;
  }

  private partOf(name: string): Part {
    const part = this.parts.get(name);
    if (!part) throw new Error(`nothing is carried as ${name}`);
    return part;
  }

  /** Gives a part as the step finds it. */
  get(name: string): Value {
    const { at, length, shape } = this.partOf(name);
    return this.graph.reshape(this.graph.slice(this.state, 0, at, at + length), shape);
  }

  /** Says what a part is after the step. */
  set(name: string, value: Value): void {
    this.partOf(name).next = value;
  }

  /** Makes the outputs of what is carried. @param h after the step */
  finish(h: Value): void {
    const { graph, length } = this;
    graph.output('h_next', 'float', this.h0.shape, h);
    if (length === 0) return;
    const flat = [...this.parts.values()].map(({ next, name }) =>
      graph.reshape(next ?? this.get(name), [-1]),
    );
    graph.output('state_next', 'double', [length], graph.concat(flat, 0));
  }

  /** Where each part lies in the vector, for whoever wants to look at one. */
  get places(): Record<string, { readonly at: number; readonly shape: readonly number[] }> {
    return Object.fromEntries([...this.parts.values()].map(({ name, at, shape }) => [name, { at, shape }]));
  }
}

/** Puts a row [1,…] before the others of a part that is carried; the oldest goes. */
export function push(g: Graph, carried: Carried, name: string, row: Value): void {
  const [rows = 1] = carried.shapeOf(name);
  carried.set(name, rows === 1 ? row : g.concat([row, g.slice(carried.get(name), 0, 0, rows - 1)], 0));
}
