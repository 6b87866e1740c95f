/** What messages tell of a sequence. */
import { concat, type Observable, of } from 'rxjs';
import type { Schema } from '../../fields/sequence-schema.js';
import type { ServerMessage } from '../../protocol/messages.js';
import type { View } from '../../protocol/views/index.js';
import type { Listed } from '../../sequence/directory.js';
import type { SequenceHandle } from '../../sequence/handle.js';

/** The names of a sequence's numbers, as messages tell them. */
function toldSchema({ fields, targets, resample }: Schema) {
  return {
    fields: [...fields],
    ...(targets.length > 0 && { targets: [...targets] }),
    ...(resample && { resample: { ...resample } }),
  };
}

/** Tells of a sequence that is opened or watched. */
export function placeOf(re: number, { channel, name, epoch, seq, spec, schema }: SequenceHandle) {
  return { re, channel, sequence: name, epoch, seq, spec: { ...spec }, ...toldSchema(schema) };
}

/** Tells of a sequence in a list. */
export const entryOf = ({ schema, x, seasons, ...entry }: Listed) => ({
  ...entry,
  ...(x && { x: [...x] }),
  ...(seasons && { seasons: [...seasons] }),
  ...(schema && toldSchema(schema)),
});

/** Where a subscriber of its events begins. */
export const eventOf = (view: View, { event }: Pick<SequenceHandle, 'event'>) =>
  view === 'events' && event !== null ? { event } : {};

/** Answers `done` when the stream of a request completes. */
export const done = (re: number, work$: Observable<never>): Observable<ServerMessage> =>
  concat(work$, of({ type: 'done', re } as const));
