/** Snapshots as they were before, in the form of today. What is in them is checked afterwards. */
import { joinSmoothings, type SmoothingState } from './forecast/season-smoothing.js';
import type { ModelSnapshot } from './snapshot.js';

/** Gives a snapshot in the form of today: each series once kept its smoothing apart. */
export function inFormOfToday(snapshot: ModelSnapshot): ModelSnapshot {
  const outputs = snapshot?.outputs;
  const forecaster = outputs?.forecaster;
  const seasons = forecaster?.seasons;
  const apart: unknown = seasons?.smoothings;
  if (!outputs || !seasons || !Array.isArray(apart) || !apart.every(isApart)) return snapshot;
  const smoothings = joinSmoothings(apart);
  return {
    ...snapshot,
    outputs: { ...outputs, forecaster: { ...forecaster, seasons: { ...seasons, smoothings } } },
  };
}

const isApart = (state: unknown): state is SmoothingState =>
  typeof state === 'object' &&
  state !== null &&
  'numbers' in state &&
  state.numbers instanceof Float64Array &&
  'seasons' in state &&
  state.seasons instanceof Float64Array;
