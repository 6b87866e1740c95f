/** What the cell gets of raw x, and the cell, from an exported file and docs/formats.md alone; see plain-run.ts. */
import type { TensorFile } from '../../src/formats/safetensors.js';

type Nested = number[];
interface Spec {
  batch: number;
  features: number;
  units: number;
  cell: string;
  season?: number;
  interval: number;
  readout: { kind: string; rule?: string };
  scaler: { kind: string; halfLife?: number | null };
  inputs: { changes: number[]; lags: number[]; time: string[] };
  task?: { kind: string; horizon: number[]; baseline: string; targets?: number[]; forecaster: string };
}

export const clamp = (x: number, limit: number) => Math.min(limit, Math.max(-limit, x));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const f32 = Math.fround;

export abstract class PlainCell {
  readonly spec: Spec;
  protected readonly run: Record<string, Nested> = {};
  protected readonly shapes: Record<string, readonly number[]> = {};
  private readonly decay: number;
  h: number[];

  /** Takes a file of one batch row. */
  constructor({ tensors, metadata }: TensorFile) {
    this.spec = JSON.parse(metadata.get('spec')!) as Spec;
    for (const [name, { data, shape }] of tensors) {
      this.run[name] = Array.from(data as Float64Array, Number);
      this.shapes[name] = shape;
    }
    this.h = [...this.run.h!];
    const { halfLife } = this.spec.scaler;
    this.decay = halfLife ? 1 - Math.LN2 / halfLife : 1;
  }

  /** Statistics [4,W]: count, mean, rest, squares. */
  protected deviation(name: string, i: number): number {
    const s = this.run[name]!;
    const W = s.length / 4;
    const deviation = s[i] === 0 ? 0 : Math.sqrt(s[3 * W + i]! / s[i]!);
    return deviation > Math.abs(s[W + i]!) * 2 ** -50 ? deviation : 0;
  }

  protected scale(name: string, i: number, x: number): number {
    const s = this.run[name]!;
    const W = s.length / 4;
    const deviation = this.deviation(name, i);
    return deviation === 0 ? 0 : clamp((x - s[W + i]! - s[2 * W + i]!) / deviation, 10);
  }

  protected observe(name: string, i: number, x: number, isCentred: boolean): void {
    if (Number.isNaN(x)) return;
    const s = this.run[name]!;
    const W = s.length / 4;
    const n = 1 + this.decay * s[i]!;
    let square = x * x;
    if (isCentred) {
      const before = x - s[W + i]! - s[2 * W + i]!;
      const mean = s[W + i]! + s[2 * W + i]! + before / n;
      square = before * (x - mean);
      s[2 * W + i] = s[2 * W + i]! + s[W + i]! + before / n - mean;
      s[W + i] = mean;
    }
    s[i] = n;
    s[3 * W + i] = this.decay * s[3 * W + i]! + square;
  }

  protected targets(): number[] {
    const { task, features } = this.spec;
    return task?.targets ?? Array.from({ length: features }, (_, i) => i);
  }

  protected back(k: number, steps: number): number {
    return this.run['run.history']![steps * this.targets().length + k]!;
  }

  protected knows(k: number, steps: number): boolean {
    return this.run['run.history.known']![k]! > steps;
  }

  /** Carries the step: x in the user's units, NaN where a number is missing. */
  step(x: readonly number[]): { h: number[]; y: number[]; half: number[] } {
    const { run, spec } = this;
    const { features: F, inputs } = spec;
    const columns = this.targets();
    const K = columns.length;
    for (let i = 0; i < F; i++)
      if (!Number.isNaN(x[i]!)) {
        run['run.x.last']![i] = x[i]!;
        run['run.x.known']![i] = 1;
      }
    const row = columns.map((column) => run['run.x.last']![column]!);
    run['run.history'] = [...row, ...run['run.history']!.slice(0, -K)];
    for (const [k, column] of columns.entries())
      run['run.history.known']![k] = run['run.x.known']![column] ? run['run.history.known']![k]! + 1 : 0;
    const newest = columns.map((column) => x[column]!);
    run['run.steps']![0]!++;
    if (spec.task?.kind === 'forecast') this.arrive(newest);

    const isScaled = spec.scaler.kind === 'standard';
    const own = run['run.x.last']!.map((value, i) =>
      f32(isScaled && run['run.x.known']![i] ? this.scale('run.x.statistics', i, value) : value),
    );
    const z = own.map((one, i) => f32(one * (run['run.x.share']?.[i] ?? 1)));
    const others = run['run.relevance.others'];
    if (others) {
      const noted = others.map((i) => own[i]!);
      run['run.relevance.inputs'] = [...noted, ...run['run.relevance.inputs']!.slice(0, -noted.length)];
    }
    const joins: number[] = [];
    for (const [l, lag] of inputs.changes.entries())
      for (let k = 0; k < K; k++) {
        const change = this.knows(k, lag) ? this.back(k, 0) - this.back(k, lag) : 0;
        z.push(f32(isScaled ? this.scale('run.changes.statistics', l * K + k, change) : change));
        joins.push(this.knows(k, lag) && !Number.isNaN(newest[k]!) ? change : Number.NaN);
      }
    for (const lag of inputs.lags)
      for (let k = 0; k < K; k++) {
        const value = this.back(k, lag);
        const own = isScaled ? this.scale('run.x.statistics', columns[k]!, value) : value;
        z.push(this.knows(k, lag) ? f32(own) : 0);
      }
    if (isScaled) {
      for (let i = 0; i < F; i++) this.observe('run.x.statistics', i, x[i]!, true);
      for (const [i, join] of joins.entries()) this.observe('run.changes.statistics', i, join, false);
    }
    this.cell(z);
    const { y, half } = this.serve(z);
    return { h: this.h, y, half };
  }

  private cell(z: readonly number[]): void {
    const { run, h } = this;
    const { units: N, cell } = this.spec;
    const columns = cell === 'gru' ? 3 * N : N;
    const product = (x: readonly number[], w: Nested, b: Nested, at: number) =>
      Array.from({ length: columns }, (_, j) =>
        x.reduce((sum, one, i) => sum + one * w[i * columns + j]!, b[at + j] ?? 0),
      );
    const fromX = product(z, run.Wx!, run.b!, 0);
    if (cell !== 'gru') {
      const fromH = product(h, run.Wh!, [], 0);
      this.h = fromX.map((one, j) => f32(Math.tanh(one + fromH[j]!)));
      return;
    }
    const fromH = product(h, run.Wh!, run.b!, columns);
    this.h = h.map((before, j) => {
      const r = sigmoid(fromX[j]! + fromH[j]!);
      const u = sigmoid(fromX[N + j]! + fromH[N + j]!);
      const n = Math.tanh(fromX[2 * N + j]! + r * fromH[2 * N + j]!);
      return f32((1 - u) * n + u * before);
    });
  }

  protected sums(): number[] {
    const { Wy, by } = this.run;
    return by!.map((b, m) => f32(this.h.reduce((sum, one, i) => sum + one * Wy![i * by!.length + m]!, b)));
  }

  /** Takes the newest values of what is forecast. */
  protected abstract arrive(newest: readonly number[]): void;
  protected abstract serve(z: readonly number[]): { y: number[]; half: number[] };
}
