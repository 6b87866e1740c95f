/** Features of a step's time in a graph; see src/features/calendar.ts and src/rnn/io/time-inputs.ts. */
import { decayOf } from '../../rnn/io/scaler.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';
import { Statistics } from './step-statistics.js';

const DAY = 86_400_000;
const MONDAY = -3 * DAY;
const MAX_TIME = 8e15;
const LARGEST = 3.4028234663852886e38;

/** Gives the features [n] of t [1], in milliseconds since 1970; of a t that is NaN all are 0. */
export function timeInputs(graph: Graph, carried: Carried, spec: ModelSpec, t: Value): Value {
  const g = graph;
  const isTime = g.and(g.not(g.isNaN(t)), g.not(g.greater(g.abs(t), MAX_TIME)));
  const time = g.where(isTime, t, 0);
  const parts: Value[] = [];
  for (const kind of spec.inputs.time) {
    if (kind === 'elapsed') {
      parts.push(elapsed(g, carried, spec, time, isTime));
      continue;
    }
    if (kind === 'weekend') {
      parts.push(g.flag(g.not(g.less(weekOf(g, time), 5 / 7))));
      continue;
    }
    const turn = g.mul(turnOf(g, kind, time), 2 * Math.PI);
    parts.push(g.sin(turn), g.cos(turn));
  }
  if (carried.has('run.time.last'))
    carried.set('run.time.last', g.where(isTime, t, carried.get('run.time.last')));
  return g.where(isTime, g.concat(parts, 0), 0);
}

const shareOf = (g: Graph, time: Value, cycle: number): Value => g.div(g.modulo(time, cycle), cycle);
const weekOf = (g: Graph, time: Value): Value => shareOf(g, g.sub(time, MONDAY), 7 * DAY);

function turnOf(g: Graph, kind: 'hour' | 'weekday' | 'monthday' | 'yearday', time: Value): Value {
  if (kind === 'hour') return shareOf(g, time, DAY);
  if (kind === 'weekday') return weekOf(g, time);
  const { monthDay, monthDays, yearDay, yearDays } = civil(g, g.floor(g.div(time, DAY)));
  const hour = shareOf(g, time, DAY);
  return kind === 'monthday'
    ? g.div(g.add(monthDay, hour), monthDays)
    : g.div(g.add(yearDay, hour), yearDays);
}

/** The date of a day since 1970: by years that begin in March, and eras of 400 of them (Hinnant 2014, civil_from_days). */
function civil(g: Graph, day: Value) {
  const whole = (a: Value, b: number) => g.floor(g.div(a, b));
  const since = g.add(day, 719_468);
  const era = whole(since, 146_097);
  const ofEra = g.sub(since, g.mul(era, 146_097));
  const leaps = g.sub(g.add(whole(ofEra, 36_524), g.sub(ofEra, whole(ofEra, 1460))), whole(ofEra, 146_096));
  const year = whole(leaps, 365);
  const before = g.sub(g.add(g.mul(year, 365), whole(year, 4)), whole(year, 100));
  // days since the first of March, and months since March
  const ofYear = g.sub(ofEra, before);
  const month = whole(g.add(g.mul(ofYear, 5), 2), 153);
  const first = (of: Value) => whole(g.add(g.mul(of, 153), 2), 5);
  const monthDay = g.sub(ofYear, first(month));
  const isNext = g.flag(g.greater(month, 9.5));
  const calendarYear = g.add(g.add(year, g.mul(era, 400)), isNext);
  const divides = (by: number) => g.flag(g.equal(g.modulo(calendarYear, by), 0));
  const leap = g.add(g.sub(divides(4), divides(100)), divides(400));
  const isFebruary = g.greater(month, 10.5);
  const monthDays = g.where(isFebruary, g.add(28, leap), g.sub(first(g.add(month, 1)), first(month)));
  const yearDay = g.sub(g.add(ofYear, g.add(59, leap)), g.mul(isNext, g.add(365, leap)));
  return { monthDay, monthDays, yearDay, yearDays: g.add(365, leap) };
}

function elapsed(g: Graph, carried: Carried, spec: ModelSpec, time: Value, isTime: Value): Value {
  const last = carried.get('run.time.last');
  const isKnown = g.and(isTime, g.not(g.isNaN(last)));
  const milliseconds = g.where(isKnown, g.sub(time, last), 0);
  const seconds = g.div(g.floor(g.add(g.mul(milliseconds, 1000), 0.5)), 1e6);
  const { scaler } = spec;
  if (scaler.kind !== 'standard') return g.clip(seconds, -LARGEST, LARGEST);
  const statistics = new Statistics(g, carried, 'run.elapsed.statistics', decayOf(scaler.halfLife), true);
  const scaled = g.reshape(statistics.scale(seconds), [1]);
  statistics.observe(g.where(g.reshape(isKnown, []), g.reshape(seconds, []), Number.NaN));
  statistics.finish();
  return g.where(isKnown, scaled, 0);
}
