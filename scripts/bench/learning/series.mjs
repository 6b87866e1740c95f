// Forecasts and ranges on a folder of series: index.json names them, baselines.mjs has plain forecasts to beat.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Model } from '../../../dist/src/index.js';
import { EXPERTS } from '../../../dist/src/rnn/forecast/experts.js';

export const geometricMean = (values) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

export async function readSeries(dir) {
  const baselines = await import(pathToFileURL(resolve(dir, 'baselines.mjs')).href);
  const index = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8'));
  const series = index.map(({ name, file, column, season = 0 }) => {
    const [head, ...lines] = readFileSync(join(dir, file), 'utf8').trim().split(/\r?\n/);
    const at = head.split(',').indexOf(column);
    return { name, season, x: lines.map((line) => Number(line.split(',')[at])), plain: {} };
  });
  return { series, baselines };
}

/** Carries a model over one series: its forecasts f, the half-widths of their ranges, and what each forecaster said. */
export function run(x, h, spec = {}) {
  const { task, ...rest } = spec;
  const model = new Model({
    features: 1,
    units: 32,
    ...rest,
    task: { kind: 'forecast', horizon: [h], ...task },
  });
  const f = x.map(() => Number.NaN);
  const half = x.map(() => 0);
  const weights = new Float64Array(EXPERTS.length);
  for (const [t, value] of x.entries()) {
    model.step([value]);
    if (t + h >= x.length) continue;
    f[t + h] = model.lastExact()[0];
    half[t + h] = model.range[0];
    const own = model.forecasters?.weights;
    if (own && t >= x.length / 3)
      for (let e = 0; e < EXPERTS.length; e++) weights[e] += own[e] / x.length / (2 / 3);
  }
  model.free();
  return { f, half, weights };
}

/** The plain forecast of the least error, and that error over the last value's. */
export function bestPlain({ x, season, plain }, h, { last, seasonal, holtWinters, rls, mae }) {
  if (plain[h]) return plain[h];
  const from = Math.floor(x.length / 3);
  const p = Math.min(24, Math.max(4, Math.floor(x.length / 20)));
  const forecasts = [last(x, h), holtWinters(x, h, season), rls(x, h, { p })];
  if (season > 0) forecasts.push(seasonal(x, h, season));
  const base = mae(x, forecasts[0], from, h);
  const errors = forecasts.map((f) => mae(x, f, from, h));
  const best = Math.min(...errors);
  plain[h] = { base, ratio: best / base, f: forecasts[errors.indexOf(best)] };
  return plain[h];
}

/** Share within, and mean width of, ranges f +- half over the last two thirds. */
function rangeOf(x, f, half) {
  let [inside, width, count] = [0, 0, 0];
  for (let t = Math.floor(x.length / 3); t < x.length; t++) {
    if (!(half[t] > 0) || !Number.isFinite(f[t])) continue;
    count++;
    width += 2 * half[t];
    if (Math.abs(x[t] - f[t]) <= half[t]) inside++;
  }
  return { coverage: inside / count, width: width / count };
}

/** Half-widths of a conformal range: the 0.9 quantile of the last 500 absolute errors. */
function conformal(x, f, h) {
  const half = x.map(() => 0);
  const errors = [];
  for (const [t, value] of x.entries()) {
    if (Number.isFinite(f[t])) errors.push(Math.abs(value - f[t]));
    if (errors.length > 500) errors.shift();
    if (t + h >= x.length || errors.length <= 10) continue;
    const sorted = Float64Array.from(errors).sort();
    half[t + h] = sorted[Math.min(sorted.length - 1, Math.ceil(0.9 * (sorted.length + 1)) - 1)];
  }
  return half;
}

/** What the score of a spec over all series is, at one horizon. */
export function scoreSeries({ series, baselines }, h, spec, { ranges = false } = {}) {
  const rows = series.map((one) => {
    const { x, name } = one;
    const plain = bestPlain(one, h, baselines);
    const { f, half, weights } = run(x, h, spec);
    const ratio = baselines.mae(x, f, Math.floor(x.length / 3), h) / plain.base;
    const row = { name, ratio, overBest: ratio / plain.ratio, weights };
    if (!ranges) return row;
    const own = rangeOf(x, f, half);
    return {
      ...row,
      ...own,
      widthOverPlain: own.width / rangeOf(x, plain.f, conformal(x, plain.f, h)).width,
    };
  });
  return { rows, mean: geometricMean(rows.map(({ ratio }) => ratio)) };
}
