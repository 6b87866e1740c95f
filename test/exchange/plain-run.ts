/**
 * Runs an exported sequence on raw x, from the file and docs/formats.md alone: plain arithmetic, one number at a time. It
 * shares no code with Eddy but the reader of the container.
 */
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

const clamp = (x: number, limit: number) => Math.min(limit, Math.max(-limit, x));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const f32 = Math.fround;

export class PlainRun {
  readonly spec: Spec;
  private readonly run: Record<string, Nested> = {};
  private readonly shapes: Record<string, readonly number[]> = {};
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
  private deviation(name: string, i: number): number {
    const s = this.run[name]!;
    const W = s.length / 4;
    const deviation = s[i] === 0 ? 0 : Math.sqrt(s[3 * W + i]! / s[i]!);
    return deviation > Math.abs(s[W + i]!) * 2 ** -50 ? deviation : 0;
  }

  private scale(name: string, i: number, x: number): number {
    const s = this.run[name]!;
    const W = s.length / 4;
    const deviation = this.deviation(name, i);
    return deviation === 0 ? 0 : clamp((x - s[W + i]! - s[2 * W + i]!) / deviation, 10);
  }

  private observe(name: string, i: number, x: number, isCentred: boolean): void {
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

  private targets(): number[] {
    const { task, features } = this.spec;
    return task?.targets ?? Array.from({ length: features }, (_, i) => i);
  }

  private back(k: number, steps: number): number {
    return this.run['run.history']![steps * this.targets().length + k]!;
  }

  private knows(k: number, steps: number): boolean {
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

  private sums(): number[] {
    const { Wy, by } = this.run;
    return by!.map((b, m) => f32(this.h.reduce((sum, one, i) => sum + one * Wy![i * by!.length + m]!, b)));
  }

  /** How far back the baseline lies when the time of a horizon has come. */
  private arrived(ahead: number): number {
    const { task, season } = this.spec;
    return task!.baseline === 'season' ? season! * Math.ceil(ahead / season!) : ahead;
  }

  private arrive(newest: readonly number[]): void {
    const { run } = this;
    const { horizon, baseline, forecaster } = this.spec.task!;
    const K = newest.length;
    const Q = horizon.length;
    for (const [q, ahead] of horizon.entries())
      for (let k = 0; k < K; k++) {
        const o = q * K + k;
        const wasMade = run['run.steps']![0]! > ahead;
        const truth = newest[k]!;
        const at = (ahead - 1) * Q * K + o;
        if (wasMade && this.knows(k, ahead) && !Number.isNaN(truth)) {
          const served = run['run.y.served']![at]!;
          this.range(o, Math.abs(served - truth), run['run.y.half']![at]!);
          if (forecaster === 'mixture')
            this.regret(o, at, truth, served, Math.abs(truth - this.back(k, ahead)));
        }
        const far = this.arrived(ahead);
        const join =
          baseline === 'none'
            ? truth
            : wasMade && this.knows(k, far)
              ? truth - this.back(k, far)
              : Number.NaN;
        if (run['run.y.statistics']) this.observe('run.y.statistics', o, join, baseline === 'none');
      }
    if (forecaster !== 'mixture') return;
    for (let k = 0; k < K; k++) {
      const value = newest[k]!;
      this.observe('run.levels.statistics', k, value, true);
      if (this.knows(k, 1)) this.observe('run.units.statistics', k, value - this.back(k, 1), false);
      this.smooth(k, value);
    }
    this.pushSeasons(newest);
  }

  private range(o: number, error: number, half: number): void {
    const r = this.run['run.y.ranges']!;
    const at = 4 * o;
    const seen = ++r[at + 3]!;
    if (half > 0) {
      const gamma = Math.max(0.05, 1.25 / Math.sqrt(seen));
      const q = r[at + 2]! * (1 + gamma * ((error > half ? 1 : 0) - (1 - this.spec.interval)));
      r[at + 2] = Math.min(1000, Math.max(0.001, q));
    }
    const most = 6 * r[at + 2]! * Math.sqrt(r[at]! * r[at + 1]!);
    const counted = seen > 20 && most > 0 ? Math.min(error, most) : error;
    r[at] = r[at]! + (counted - r[at]!) * Math.max(1 / seen, 0.022840031565754093);
    r[at + 1] = r[at + 1]! + (counted - r[at + 1]!) * Math.max(1 / seen, 0.0013853338989711084);
  }

  private regret(o: number, at: number, truth: number, served: number, change: number): void {
    const { run } = this;
    const E = this.shapes['run.experts.said']!.at(-1)!;
    const said = run['run.experts.said']!.slice(at * E, (at + 1) * E);
    const seen = ++run['run.experts.seen']![o]!;
    const before = run['run.experts.scale']![o]!;
    const error = Math.abs(truth - said[0]!);
    const counted = seen > 30 && before > 0 ? Math.min(error, 5 * before) : error;
    const scale = before + (counted - before) / Math.min(seen, 500);
    run['run.experts.scale']![o] = scale;
    const d = 1 - Math.LN2 / 1000;
    for (let e = 0; e < E; e++) {
      const one = said[e]!;
      const r = Number.isNaN(one) ? 0 : clamp((Math.sign(served - truth) * (served - one)) / scale, 5);
      run['run.experts.regrets']![o * E + e] = d * run['run.experts.regrets']![o * E + e]! + r;
      run['run.experts.squares']![o * E + e] = d * d * run['run.experts.squares']![o * E + e]! + r * r;
    }
    run['run.largest']![o] = Math.max(0.9995 * run['run.largest']![o]!, change);
    const linear = said[7]!;
    const K = this.targets().length;
    const isJudged = this.deviation('run.units.statistics', o % K) > 0 && scale > 0 && !Number.isNaN(linear);
    if (o < K && run['run.x.share'] && isJudged) this.judge(o, clamp((truth - linear) / scale, 3));
  }

  /** Lets the error r of the linear forecast of target k judge the features that are not forecast. */
  private judge(k: number, r: number): void {
    const { run } = this;
    const others = run['run.relevance.others']!;
    const [n, K] = [others.length, this.targets().length];
    const z = run['run.relevance.inputs']!.slice(-n);
    const [products, squares, errors] = ['products', 'squares', 'errors'].map(
      (name) => run[`run.relevance.${name}`]!,
    );
    const seen = run['run.relevance.seen']!;
    if (k === 0) seen[0]!++;
    const window = Math.min(seen[0]!, 2000);
    const move = (means: number[], i: number, value: number) => {
      means[i] = means[i]! + (value - means[i]!) / window;
    };
    move(errors!, k, r * r);
    for (let i = 0; i < n; i++) {
      move(products!, k * n + i, r * z[i]!);
      if (k === 0) move(squares!, i, z[i]! ** 2);
    }
    if (k < K - 1 || seen[0]! < 50) return;
    for (let i = 0; i < n; i++) {
      const told = errors!.map((error, j) => products![j * n + i]! ** 2 / (error * squares![i]!) || 0);
      const t = Math.sqrt(Math.max(...told) * window);
      run['run.x.share']![others[i]!] = Math.min(1, Math.max(0, (t - 3) / 3));
    }
  }

  private smooth(k: number, x: number): void {
    const { run } = this;
    const period = run['run.smoothing.period']![k]!;
    const P = this.shapes['run.smoothing.season']![3]!;
    if (period > 0) run['run.smoothing.phase']![k] = (run['run.smoothing.phase']![k]! + 1) % period;
    const isHere = !Number.isNaN(x);
    if (!run['run.smoothing.known']![k]) {
      if (!isHere) return;
      run['run.smoothing.known']![k] = 1;
      run['run.smoothing.level']!.fill(x, 2 * k, 2 * k + 2);
      return;
    }
    for (const s of [0, 1]) {
      const [a, b, g] = [[0.1, 0.6][s]!, [0, 0.1][s]!, [0.05, 0.2][s]!];
      const at = 2 * k + s;
      const place = at * P + run['run.smoothing.phase']![k]!;
      const season = period > 0 ? run['run.smoothing.season']![place]! : 0;
      const [level, trend] = [run['run.smoothing.level']![at]!, run['run.smoothing.trend']![at]!];
      const after = isHere ? a * (x - season) + (1 - a) * (level + trend) : level + trend;
      run['run.smoothing.level']![at] = after;
      if (!isHere) continue;
      run['run.smoothing.trend']![at] = b * (after - level) + (1 - b) * trend;
      if (period > 0) run['run.smoothing.season']![place] = g * (x - after) + (1 - g) * season;
    }
  }

  private pushSeasons(newest: readonly number[]): void {
    const { run } = this;
    const K = newest.length;
    const rows = this.shapes['run.seasons.values']![0]!;
    if (rows === 0) return;
    const row = newest.map((one, k) => (Number.isNaN(one) ? run['run.seasons.values']![k]! : one));
    for (const [k, one] of newest.entries()) {
      const known = run['run.seasons.known']![k]!;
      run['run.seasons.known']![k] = Number.isNaN(one) && known === 0 ? 0 : Math.min(known + 1, rows);
    }
    run['run.seasons.values'] = [...row, ...run['run.seasons.values']!.slice(0, -K)];
  }

  private serve(z: readonly number[]): { y: number[]; half: number[] } {
    const { run, spec } = this;
    if (spec.readout.kind === 'none') return { y: [], half: [] };
    const sums = this.sums();
    const { task } = spec;
    if (task?.kind !== 'forecast') {
      const s = run['run.y.statistics'];
      const W = sums.length;
      const y = sums.map((p, m) =>
        s ? s[W + m]! + s[2 * W + m]! + p * this.deviation('run.y.statistics', m) : p,
      );
      return { y, half: this.halves() };
    }
    const K = this.targets().length;
    const E = this.shapes['run.experts.said']?.at(-1) ?? 0;
    const saidNow: number[] = [];
    const y = sums.map((p, o) => {
      const [q, k] = [Math.floor(o / K), o % K];
      const ahead = task.horizon[q]!;
      const back = this.arrived(ahead) - ahead;
      const s = run['run.y.statistics'];
      const deviation = s ? this.deviation('run.y.statistics', o) : 1;
      let network = s ? s[sums.length + o]! + s[2 * sums.length + o]! + p * deviation : p;
      if (task.baseline !== 'none')
        network = this.knows(k, back) ? this.back(k, back) + deviation * p : this.back(k, 0);
      if (task.forecaster !== 'mixture') return network;
      const said = this.said(q, k, ahead, network, z);
      saidNow.push(...said);
      let [sum, off] = [0, 0];
      for (let e = 0; e < E; e++) {
        const regret = Number.isNaN(said[e]!) ? 0 : Math.max(0, run['run.experts.regrets']![o * E + e]!);
        const weight = regret / (1 + run['run.experts.squares']![o * E + e]!);
        sum += weight;
        if (weight > 0) off += weight * (said[e]! - said[0]!);
      }
      return sum > 0 ? said[0]! + off / sum : said[0]!;
    });
    const half = this.halves();
    const width = y.length;
    run['run.y.served'] = [...y, ...run['run.y.served']!.slice(0, -width)];
    run['run.y.half'] = [...half, ...run['run.y.half']!.slice(0, -width)];
    if (E > 0) run['run.experts.said'] = [...saidNow, ...run['run.experts.said']!.slice(0, -width * E)];
    return { y, half };
  }

  private halves(): number[] {
    const r = this.run['run.y.ranges'] ?? [];
    return Array.from({ length: r.length / 4 }, (_, o) =>
      r[4 * o + 3]! > 5 ? r[4 * o + 2]! * Math.sqrt(r[4 * o]! * r[4 * o + 1]!) : 0,
    );
  }

  /** What each forecaster says, in the order of the recipe's `forecasters`. */
  private said(q: number, k: number, ahead: number, network: number, z: readonly number[]): number[] {
    const { run } = this;
    const K = this.targets().length;
    const o = q * K + k;
    const base = this.back(k, 0);
    const season = (slot: number) => this.inSeason(k, slot, ahead, base);
    const [first, second] = [season(0), season(1)];
    const smoothed = [0, 1].map((s) => {
      if (!run['run.smoothing.known']![k]) return Number.NaN;
      const period = run['run.smoothing.period']![k]!;
      const P = this.shapes['run.smoothing.season']![3]!;
      const at = 2 * k + s;
      const phase = (run['run.smoothing.phase']![k]! + ahead) % period;
      const own = period > 0 ? run['run.smoothing.season']![at * P + phase]! : 0;
      return run['run.smoothing.level']![at]! + ahead * run['run.smoothing.trend']![at]! + own;
    });
    const unit = this.deviation('run.units.statistics', k);
    const most = 1.5 * run['run.largest']![o]!;
    const changed = (weights: readonly number[], regressors: readonly number[]) =>
      unit > 0
        ? base + clamp(weights.reduce((sum, one, i) => sum + one * regressors[i]!, 0) * unit, most)
        : Number.NaN;
    const part = (name: string, which: number) => {
      const size = this.shapes[name]!.at(-1)!;
      return run[name]!.slice(which * size, (which + 1) * size);
    };
    const n = this.shapes['run.linear']!.at(-1)!;
    const phi = [this.scale('run.levels.statistics', k, base) / 2];
    for (let lag = 1; lag < n - 1; lag++)
      phi.push(this.knows(k, lag) ? (this.back(k, lag) - base) / unit : 0);
    const linear = changed(part('run.linear', o), [...phi, 1]);
    const off = [...first.off, ...second.off].map((one) => one / unit);
    const psi = [clamp((linear - base) / unit, 10), ...off, 1];
    const isSeasonal = first.isWhole || second.isWhole;
    const seasonal = isSeasonal ? changed(part('run.seasonal', o), psi) : Number.NaN;
    const squares = run['run.squares']
      ? changed(part('run.squares', o), [...this.h, ...run['run.squares.inputs']!.map((i) => z[i]!), 1])
      : Number.NaN;
    return [base, ...first.said, ...second.said, ...smoothed, linear, seasonal, network, squares];
  }

  private inSeason(k: number, slot: number, ahead: number, base: number) {
    const { run } = this;
    const K = this.targets().length;
    const period = run['run.seasons.periods']![2 * k + slot]!;
    if (period === 0) return { said: [Number.NaN, Number.NaN], off: [0, 0, 0], isWhole: false };
    const known = run['run.seasons.known']![k]!;
    const read = (back: number) => (back < known ? run['run.seasons.values']![back * K + k]! : Number.NaN);
    const whole = period * Math.ceil(ahead / period);
    const [then, there, before] = [read(whole - ahead), read(whole), read(whole - ahead + period)];
    const isWhole = whole < known;
    const earlier = Number.isNaN(before) ? then : before;
    return {
      said: [then, then + base - there],
      off: isWhole ? [then - base, there - base, earlier - base] : [0, 0, 0],
      isWhole,
    };
  }
}
