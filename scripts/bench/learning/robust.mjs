// What must not harm a forecast: wild values, columns of noise, more units.
import { Model, mackeyGlass } from '../../../dist/src/index.js';
import { Random } from '../../../dist/src/math/random.js';

const take = (signal, steps) => Array.from({ length: steps }, () => signal.next().value);

/** A noisy sine of a day, 20 +- 5, in steps of an hour. */
export function daily(steps, seed = 1) {
  const random = Random.fromSeed(seed);
  return Array.from(
    { length: steps },
    (_, t) => 20 + 5 * Math.sin((2 * Math.PI * t) / 24) + 0.2 * random.normal(),
  );
}

/** Mean absolute error over the last value's, of the first feature, over the steps that `counts`. */
export function errorOver(spec, rows, counts) {
  const model = new Model({ units: 32, ...spec });
  let [forecast, before, own, naive] = [null, null, 0, 0];
  const events = [];
  for (const [t, x] of rows.entries()) {
    if (forecast !== null && counts(t)) {
      own += Math.abs(forecast - x[0]);
      naive += Math.abs(before - x[0]);
    }
    const { y, isAnomalous } = model.step(x);
    if (isAnomalous) events.push(t);
    forecast = y[0];
    before = x[0];
  }
  model.free();
  return { ratio: own / naive, events };
}

/** Skill before a glitch of one step, and 50 to 1,050 steps after it; and the events, of a fault 5,000 steps later too. */
export function glitchTask(value) {
  const x = daily(12_000);
  x[4000] = value;
  x[9000] = 60;
  const rows = x.map((one) => [one]);
  const skill = (from, to) => 1 - errorOver({ features: 1 }, rows, (t) => t >= from && t < to).ratio;
  const { events } = errorOver({ features: 1 }, rows, () => true);
  return { before: skill(2000, 4000), after: skill(4050, 5050), events };
}

/** Skill with a wild value every 500 steps over the one without, both over the other steps. */
export function repeatedTask(value) {
  const x = daily(8000);
  const counts = (t) => t >= 1000 && t % 500 > 1;
  const clean = errorOver(
    { features: 1 },
    x.map((one) => [one]),
    counts,
  ).ratio;
  const dirty = errorOver(
    { features: 1 },
    x.map((one, t) => [t % 500 === 0 ? value : one]),
    counts,
  ).ratio;
  return (1 - dirty) / (1 - clean);
}

export const mackey = (steps) => take(mackeyGlass(), steps);

/** Rows 100 to 200 of a Mackey-Glass series. */
export const earlyTask = () =>
  errorOver(
    { features: 1 },
    mackey(200).map((one) => [one]),
    (t) => t >= 100,
  ).ratio;

/** Error with 49 columns of noise beside the one that is forecast, over the error without. */
export function noiseTask(x, seed) {
  const random = Random.fromSeed(1000 + seed);
  const counts = (t) => t >= 1000;
  const alone = errorOver(
    { features: 1, seed },
    x.map((one) => [one]),
    counts,
  ).ratio;
  const rows = x.map((one) => [one, ...Array.from({ length: 49 }, () => random.normal())]);
  const beside = errorOver(
    { features: 50, seed, task: { kind: 'forecast', targets: [0] } },
    rows,
    counts,
  ).ratio;
  return { alone, beside };
}

/** Error of 256 units that learn at every step over that of the default spec. */
export function sizeTask(x, seed = 1) {
  const rows = x.map((one) => [one]);
  const counts = (t) => t >= x.length / 3;
  const many = { features: 1, units: 256, learner: { kind: 'tbptt', k1: 1 }, seed };
  return (
    errorOver(many, rows, counts).ratio /
    errorOver({ features: 1, seed, learner: { kind: 'tbptt', k1: 4 } }, rows, counts).ratio
  );
}
