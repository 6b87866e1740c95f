/** The data of the report's charts: gathered by report-series.ts, written into the page as JSON, read by its script. */

/** What the page's script draws. */
export interface ReportData extends Series {
  /** The figures of each output, as they are written. */
  readonly figures: readonly (readonly string[])[];
  /** Rows at the beginning that are not scored. */
  readonly skip: number;
  readonly clipNorm: number | null;
  /** The score from which on an anomaly is told. */
  readonly threshold: number;
  readonly allUnits: number;
  readonly anomalies: readonly Mark[];
  readonly drift: readonly Mark[];
}

/** Where an event is, and when in milliseconds since 1970 UTC. */
export type Mark = readonly [row: number, time: number | null];

/** A point for each bucket: null where there is nothing. */
export type Points = readonly (number | null)[];

/** One view of the pass; every list is as long as `row`. */
export interface View {
  /** Rows in a point. */
  readonly width: number;
  /** The first row of each point, and its time in milliseconds since 1970 UTC. */
  readonly row: Points;
  readonly time: Points | null;
  /** The largest score and gradient norm. */
  readonly anomaly: Points;
  readonly gradient: Points;
  readonly targets: readonly { readonly mean: Points; readonly min: Points; readonly max: Points }[];
  /** The mean of what was predicted for these rows, and the recent mean absolute errors at the last of them. */
  readonly outputs: readonly {
    readonly forecast: Points;
    /** The edges of the ranges, the means of each point. */
    readonly low: Points;
    readonly high: Points;
    readonly mae: Points;
    readonly naive: Points;
    readonly season: Points;
  }[];
  /** Mean hidden states [units, points] as bytes, 127 * h, in base64. */
  readonly states: string;
}

export interface Series {
  readonly targets: readonly string[];
  readonly outputs: readonly { readonly target: string; readonly horizon: number }[];
  readonly units: number;
  readonly whole: View;
  /** The last rows, one by one; null where the whole has them one by one too. */
  readonly tail: View | null;
}
