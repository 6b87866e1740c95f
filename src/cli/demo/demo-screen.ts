/** The state of the demo, and its picture in the terminal. */
import type { UpdateEntry } from '../../protocol/views/index.js';
import { colorsFor } from '../shared/output.js';
import { grouped, sparkline } from '../shared/terminal.js';
import { type Hour, TEMPERATURE } from './seattle.js';

/** Hours in the charts and in the displayed error. */
const CHART = 64;
const RECENT = 2000;

/** The last `capacity` numbers. */
class Tail {
  readonly values: number[] = [];
  constructor(private readonly length: number) {}
  push(value: number): void {
    this.values.push(value);
    if (this.values.length > this.length) this.values.shift();
  }
  get mean(): number | null {
    const { values } = this;
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  }
}

/** The client's view: it measures the error itself, from the truth it sent and the forecasts that came back. */
export class DemoState {
  steps = 0;
  date = '';
  h: Float32Array | null = null;
  update: UpdateEntry | null = null;
  readonly truth = new Tail(CHART);
  readonly forecast = new Tail(CHART);
  readonly error = new Tail(RECENT);
  readonly naiveError = new Tail(RECENT);
  readonly latency = new Tail(256);
  private readonly began = performance.now();
  /** Send times of steps whose forecast has not come yet, by step. */
  private readonly sent = new Map<number, { at: number; truth: number }>();
  private readonly waiting = new Map<number, number>();
  private last: number | null = null;

  onTruth(seq: number, { x, t }: Hour): void {
    const truth = x[TEMPERATURE] as number;
    this.steps = seq + 1;
    this.date = new Date(t).toISOString();
    this.sent.set(seq, { at: performance.now(), truth });
  }

  onForecast(seq: number, forecast: number): void {
    const step = this.sent.get(seq);
    if (!step) return;
    this.sent.delete(seq);
    this.latency.push(performance.now() - step.at);
    const made = this.waiting.get(seq);
    this.waiting.delete(seq);
    this.waiting.set(seq + 1, forecast);
    this.truth.push(step.truth);
    if (made !== undefined && this.last !== null) {
      this.forecast.push(made);
      this.error.push(Math.abs(made - step.truth));
      this.naiveError.push(Math.abs(this.last - step.truth));
    }
    this.last = step.truth;
  }

  onState(h: Float32Array): void {
    this.h = h;
  }

  onUpdate(update: UpdateEntry): void {
    this.update = update;
  }

  get stepsPerSecond(): number {
    return this.steps / Math.max(1e-3, (performance.now() - this.began) / 1000);
  }

  /** Median time of the latest steps from sending to forecast, in milliseconds. */
  get medianLatency(): number | null {
    const sorted = [...this.latency.values].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }

  summary() {
    const { steps, stepsPerSecond, medianLatency, update } = this;
    return {
      steps,
      updates: update?.update ?? 0,
      scored: this.error.values.length,
      mae: this.error.mean,
      naiveMae: this.naiveError.mean,
      stepsPerSecond,
      medianLatency,
    };
  }
}

export class DemoScreen {
  private readonly c = colorsFor(process.stdout);

  constructor(
    private readonly state: DemoState,
    private readonly about: { readonly url: string; readonly sequence: string; readonly units: number },
  ) {}

  paint(): string {
    const { state, about, c } = this;
    const { truth, forecast, error, naiveError, update, h } = state;
    const width = Math.max(10, Math.min(CHART, (process.stdout.columns ?? 100) - 24));
    const chart = (values: readonly number[]) => sparkline(values.slice(-width), low, high);
    const all = [...truth.values.slice(-width), ...forecast.values.slice(-width)];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const row = (label: string, value: string, rest = '') =>
      `  ${c.dim(label.padEnd(10))}${value}${rest && `  ${rest}`}`;
    const degrees = (values: readonly number[]) =>
      `${grouped(values.at(-1) ?? Number.NaN, 1)} °C`.padStart(9);
    return [
      '',
      `  ${c.bold(c.cyan('eddy'))}  ${c.bold(about.sequence)}  ${c.dim(`3 sensors, ${about.units} hidden units, one hour ahead`)}`,
      '',
      row('step', grouped(state.steps).padStart(9), c.dim(state.date.replace('T', ' ').slice(0, 16))),
      row('truth', degrees(truth.values), c.green(chart(truth.values))),
      row('forecast', degrees(forecast.values), c.yellow(chart(forecast.values))),
      row('h', '         ', h ? c.magenta(sparkline(h.slice(0, width), -1, 1)) : ''),
      row('error', this.error(error.mean, naiveError.mean)),
      row('', '         ', c.dim(`mean absolute error of the last ${grouped(error.values.length)} hours`)),
      row('learning', `${grouped(update?.update ?? 0).padStart(9)}`, c.dim(learned(update))),
      row(
        'speed',
        `${grouped(state.stepsPerSecond).padStart(9)}`,
        c.dim(`steps/s, forecast back in ${grouped(state.medianLatency ?? 0, 1)} ms (median)`),
      ),
      row('see it at', `${about.url}/#/s/${about.sequence}`),
      '',
    ].join('\n');
  }

  /** The same in one line, for a log. */
  line(): string {
    const { steps, truth, forecast, error, naiveError, update, stepsPerSecond } = this.state;
    const degrees = (value: number | null | undefined, digits: number) =>
      `${value?.toFixed(digits) ?? '-'} °C`;
    return [
      `step ${grouped(steps)}`,
      `truth ${degrees(truth.values.at(-1), 1)}`,
      `forecast ${degrees(forecast.values.at(-1), 1)}`,
      `error ${degrees(error.mean, 3)} (same as last hour ${degrees(naiveError.mean, 3)})`,
      `${grouped(update?.update ?? 0)} updates`,
      `${grouped(stepsPerSecond)} steps/s`,
    ].join('  ');
  }

  private error(mae: number | null, naive: number | null): string {
    if (mae === null || naive === null) return '        …';
    const { c } = this;
    const skill = 100 * (1 - mae / naive);
    const verdict = skill >= 0 ? c.green(`${grouped(skill)} % lower`) : c.red(`${grouped(-skill)} % higher`);
    return `${grouped(mae, 3).padStart(6)} °C  ${verdict} than ${grouped(naive, 3)} °C for "same as last hour"`;
  }
}

function learned(update: UpdateEntry | null): string {
  if (!update) return 'updates';
  const { loss, gradientNorm, clipped } = update;
  return `updates, loss ${loss?.toPrecision(2)}, gradient norm ${gradientNorm?.toPrecision(2)}${clipped ? ' (clipped)' : ''}`;
}
