// Exponential smoothing, and the ring of recent values; see ../smoothing.ts and ../value-ring.ts.

import { NO_FORECAST } from './mixture';

export const SMOOTHING: usize = 80;

/** The constants of both settings: a, 1 - a, b, 1 - b, g, 1 - g. */
@inline
function setting(x: f64, before: f64, trend: f64, season: f64, a: f64): f64 {
  return a * (x - season) + (1 - a) * (before + trend);
}

@inline
function seasonOf(at: usize, k: usize, period: i32, phase: i32): usize {
  return (<usize>(<i32>load<f64>(at, 56)) + k * <usize>period + <usize>phase) << 3;
}

@inline
function takeOne(at: usize, k: usize, x: f64, period: i32, phase: i32, a: f64, b: f64, g: f64): void {
  const seasonAt = period > 0 ? seasonOf(at, k, period, phase) : 0;
  const season: f64 = period > 0 ? load<f64>(seasonAt) : 0;
  const p = at + (k << 3);
  const before = load<f64>(p);
  const trend = load<f64>(p, 16);
  if (x != x) {
    store<f64>(p, before + trend);
    return;
  }
  const after = setting(x, before, trend, season, a);
  store<f64>(p, b * (after - before) + (1 - b) * trend, 16);
  store<f64>(p, after);
  if (period > 0) store<f64>(seasonAt, g * (x - after) + (1 - g) * season);
}

export function smoothingTake(at: usize, x: f64): void {
  const period = <i32>load<f64>(at, 48);
  let phase = <i32>load<f64>(at, 64);
  store<f64>(at, load<f64>(at, 32) + 1, 32);
  if (period > 0) {
    phase = phase + 1 == period ? 0 : phase + 1;
    store<f64>(at, <f64>phase, 64);
  }
  if (load<f64>(at, 40) == 0) {
    if (x != x) return;
    store<f64>(at, x);
    store<f64>(at, x, 8);
    store<f64>(at, 1, 40);
    return;
  }
  takeOne(at, 0, x, period, phase, 0.1, 0, 0.05);
  takeOne(at, 1, x, period, phase, 0.6, 0.1, 0.2);
}

/** Writes the forecasts of both settings. */
export function smoothingForecast(to: usize, at: usize, ahead: i32): void {
  if (load<f64>(at, 40) == 0) {
    store<f64>(to, NO_FORECAST);
    store<f64>(to, NO_FORECAST, 8);
    return;
  }
  const period = <i32>load<f64>(at, 48);
  let season0: f64 = 0;
  let season1: f64 = 0;
  if (period > 0) {
    const phase = (<i32>load<f64>(at, 64) + ahead) % period;
    season0 = load<f64>(seasonOf(at, 0, period, phase));
    season1 = load<f64>(seasonOf(at, 1, period, phase));
  }
  store<f64>(to, load<f64>(at) + <f64>ahead * load<f64>(at, 16) + season0);
  store<f64>(to, load<f64>(at, 8) + <f64>ahead * load<f64>(at, 24) + season1, 8);
}

@inline
function rowsOf(ring: usize): i32 {
  return <i32>load<f64>(ring, 8);
}

export function ringPush(ring: usize, i: usize, value: f64): void {
  const values = <usize>(<i32>load<f64>(ring)) << 3;
  const series = <usize>(<i32>load<f64>(ring, 24)) << 3;
  const next = <i32>load<f64>(ring, 32);
  const to = values + <usize>next * series + i;
  if (value - value == 0) {
    store<f64>(to, value);
    return;
  }
  const seen = load<f64>(ring, 16);
  const before = next == 0 ? rowsOf(ring) - 1 : next - 1;
  store<f64>(to, seen == 0 ? 0 : load<f64>(values + <usize>before * series + i));
  const unknown = ring + 48 + i;
  if (load<f64>(unknown) == seen) store<f64>(unknown, seen + 1);
}

export function ringEnd(ring: usize): void {
  store<f64>(ring, load<f64>(ring, 16) + 1, 16);
  const next = <i32>load<f64>(ring, 32) + 1;
  store<f64>(ring, next == rowsOf(ring) ? 0 : <f64>next, 32);
}

/** How many values of the series at byte i are known. */
@inline
export function ringKnown(ring: usize, i: usize): i32 {
  if (i >= <usize>(<i32>load<f64>(ring, 24)) << 3) return 0;
  const seen = load<f64>(ring, 16);
  const first = f64.max(f64.max(0, seen - load<f64>(ring, 8)), load<f64>(ring + 48 + i));
  return <i32>f64.max(0, seen - first);
}

@inline
export function ringRead(ring: usize, back: i32, i: usize): f64 {
  const row = <i32>load<f64>(ring, 32) - 1 - back;
  const series = <usize>(<i32>load<f64>(ring, 24)) << 3;
  return load<f64>((<usize>(<i32>load<f64>(ring)) << 3) + <usize>(row < 0 ? row + rowsOf(ring) : row) * series + i);
}
