/** The events of anomalies, gaps and stuck sensors, with the names of their fields. */
import type { Field } from '../fields/field.js';
import { outputLabels } from '../fields/output-labels.js';
import type { AnomalyDetail, AnomalyOverDetail, SensorDetail, ToldField } from '../fields/told-anomalies.js';
import type { Alert } from '../operators/run.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { PlainEvent } from './change.js';
import type { Course } from './course.js';

type Of = Pick<Course, 'model' | 'schema'>;

/** An anomaly begins. Its odd places are those of [B,K], of the shortest horizon. */
export function oddEvent({ anomaly, odd }: Alert, { model: { spec }, schema }: Of): PlainEvent {
  const labels = outputLabels(spec, schema.fields, schema.targets);
  const K = spec.task?.kind === 'forecast' ? labels.length / spec.task.horizon.length : labels.length;
  const fields = odd.map((place) => toldField(labels[place % K], place % K, Math.floor(place / K), spec));
  return { event: 'anomaly', detail: { score: anomaly, fields } satisfies AnomalyDetail };
}

export function overEvent({ times, score, start, peak, end }: NonNullable<Alert['ended']>): PlainEvent {
  const detail: AnomalyOverDetail = { score, start, peak, end, ...(times && { times }) };
  return { event: 'anomaly-over', detail };
}

/** A sensor sends nothing, or one number, for unusually long, or does no longer. */
export function sensorEvent(
  { what, feature, row, since, steps, value, isOver: over }: Alert['sensors'][number],
  { model: { spec }, schema }: Of,
): PlainEvent {
  const of = toldField(schema.fields[feature], feature, row, spec);
  const detail: SensorDetail = { ...of, since, steps, ...(value !== null && { value }), over };
  return { event: what, detail };
}

function toldField(field: Field | undefined, i: number, row: number, { batch }: ModelSpec): ToldField {
  const { name = `x${i}`, unit } = field ?? {};
  return { field: name, ...(unit && { unit }), ...(batch > 1 && { row }) };
}
