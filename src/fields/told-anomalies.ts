/** What the events of anomalies, gaps and stuck sensors tell, and the same in words. */

/** A number that was odd, or a sensor. */
export type ToldField = {
  readonly field: string;
  readonly unit?: string;
  /** The batch row, where there are several. */
  readonly row?: number;
};

/** Of `anomaly`: an anomaly begins. */
export type AnomalyDetail = {
  readonly score: number;
  /** What was odd, oddest first, up to 5. */
  readonly fields: readonly ToldField[];
};

/** Of `anomaly-over`: its steps, and when they were where that is known. */
export type AnomalyOverDetail = {
  /** The highest score, which step `peak` had. */
  readonly score: number;
  readonly start: number;
  readonly peak: number;
  readonly end: number;
  /** In milliseconds since 1970. */
  readonly times?: { readonly start: number; readonly peak: number; readonly end: number };
};

/** Of `gap` and `stuck`: a sensor sends nothing, or one number, for unusually long. */
export type SensorDetail = ToldField & {
  /** Its first step. */
  readonly since: number;
  /** Its steps so far; all of them once it is over. */
  readonly steps: number;
  /** The number that is stuck. */
  readonly value?: number;
  readonly over: boolean;
};

type Detail = Readonly<Record<string, unknown>>;

/** How steps and other numbers are written. */
export interface Writing {
  readonly step: (step: number) => string;
  readonly number: (value: number) => string;
}

const fieldText = ({ field, row }: ToldField): string => `${field}${row === undefined ? '' : `, row ${row}`}`;

/** Three digits of a score say all that it tells. */
const rounded = (score = Number.NaN): number => Number(score.toPrecision(3));

/** Writes what was odd, oddest first: `anomaly · score 1 · temp; flow`. Version 0.1 told the score only. */
function anomalyText({ score, fields = [] }: Partial<AnomalyDetail>, { number }: Writing): string {
  const odd = fields.length > 0 ? ` · ${fields.map(fieldText).join('; ')}` : '';
  return `anomaly · score ${number(rounded(score))}${odd}`;
}

/** Writes how long an anomaly went on: `anomaly over · steps 812 to 840 · score 1 at 815`. */
function overText({ start, end, peak, score }: AnomalyOverDetail, { step, number }: Writing): string {
  const steps = start === end ? `step ${step(start)}` : `steps ${step(start)} to ${step(end)}`;
  return `anomaly over · ${steps} · score ${number(rounded(score))}${start === end ? '' : ` at ${step(peak)}`}`;
}

/** Writes which sensor it is: `stuck · temp at 21.5 since step 812`, `gap over · flow · 40 steps from 812`. */
function sensorText(what: string, { value, over, ...told }: SensorDetail, { step, number }: Writing): string {
  const sensor = `${fieldText(told)}${value === undefined ? '' : ` at ${number(value)}`}`;
  return over
    ? `${what} over · ${sensor} · ${step(told.steps)} steps from ${step(told.since)}`
    : `${what} · ${sensor} since step ${step(told.since)}`;
}

/** Writes the event of an anomaly, a gap or a stuck sensor; null for another event. */
export function anomalyEventText(event: string, detail: Detail, writing: Writing): string | null {
  if (event === 'anomaly') return anomalyText(detail, writing);
  if (event === 'anomaly-over') return overText(detail as AnomalyOverDetail, writing);
  if (event === 'gap' || event === 'stuck') return sensorText(event, detail as SensorDetail, writing);
  return null;
}
