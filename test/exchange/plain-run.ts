/**
 * Runs an exported sequence on raw x, from the file and docs/formats.md alone: plain arithmetic, one number at a time. It
 * shares no code with Eddy but the reader of the container.
 */
import { clamp, PlainCell } from './plain-cell.js';

export class PlainRun extends PlainCell {
  /** How far back the baseline lies when the time of a horizon has come. */
  private arrived(ahead: number): number {
    const { task, season } = this.spec;
    return task!.baseline === 'season' ? season! * Math.ceil(ahead / season!) : ahead;
  }

  protected override arrive(newest: readonly number[]): void {
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

  protected override serve(z: readonly number[]): { y: number[]; half: number[] } {
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
