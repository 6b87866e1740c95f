/** What happened, as a CloudEvent 1.0 in structured JSON: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. */

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

export interface CloudEvent {
  readonly specversion: '1.0';
  /** With `source` it names the occurrence: a notice that is sent again has the same. */
  readonly id: string;
  /** `/sequences/NAME` */
  readonly source: string;
  readonly type: 'eddy.alert.start' | 'eddy.alert.end' | 'eddy.test';
  readonly subject?: string;
  /** When it happened, by the time of the step. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

type Occurrence = Pick<CloudEvent, 'id' | 'type' | 'data'> & {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The sequence that it is about. */
  readonly sequence?: string;
};

export const cloudEvent = ({ id, type, data, time, sequence }: Occurrence): CloudEvent => ({
  specversion: '1.0',
  id,
  source: sequence === undefined ? '/' : `/sequences/${encodeURIComponent(sequence)}`,
  type,
  ...(sequence !== undefined && { subject: sequence }),
  time: new Date(time).toISOString(),
  datacontenttype: 'application/json',
  data,
});
