/** The seasons by which a pass forecasts, and since which row. */
import { periodText, type SeasonTurn, seasonTurn } from '../../fields/told-seasons.js';
import type { Place } from './row-place.js';
import type { PassRow } from './scoring-pass.js';

export interface SeasonChange extends Place {
  readonly target: string;
  readonly change: SeasonTurn;
  /** The period in rows, and where it replaced another one, that of before. */
  readonly steps: number;
  readonly before?: number;
  /** The period for people: `24 steps, 1 d`. */
  readonly text: string;
}

export interface SeasonInUse extends Pick<SeasonChange, 'target' | 'steps' | 'text'> {
  /** Where it was found, or tried; null of one that was told. */
  readonly found: Place | null;
  /** Is it one that the clock suggests, and no search has found? */
  readonly isTried: boolean;
}

/** Gives the changes of seasons at a row. */
export const changesAt = (
  { row, line, timestamp, time: t, seasons, interval }: PassRow,
  targets: readonly string[],
): SeasonChange[] =>
  seasons.map((change) => ({
    ...{ row, line, timestamp, t, target: targets[change.series]! },
    ...seasonTurn(change, interval),
  }));

/**
 * Gives the seasons in use at the end.
 *
 * @param seasons of each target, in rows
 * @param found the last change that brought each, by `keyOf`
 */
export const seasonsInUse = (
  seasons: readonly (readonly number[])[],
  targets: readonly string[],
  found: ReadonlyMap<string, SeasonChange>,
  interval: number | null,
): SeasonInUse[] =>
  seasons.flatMap((periods, k) =>
    periods.map((steps) => {
      const target = targets[k]!;
      const change = found.get(keyOf(target, steps));
      const place = change && {
        row: change.row,
        line: change.line,
        timestamp: change.timestamp,
        t: change.t,
      };
      const isTried = change?.change === 'tried';
      return { target, steps, text: periodText(steps, interval), found: place ?? null, isTried };
    }),
  );

export const keyOf = (target: string, steps: number) => `${steps} ${target}`;
