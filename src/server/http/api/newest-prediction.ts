/**
 * The forecast of the newest step with its range, of a sequence that is awake: earlier steps have none in the past, and its
 * readers wake nobody.
 */
import { catchError, EMPTY, firstValueFrom, lastValueFrom, merge, of, take, takeUntil, timer } from 'rxjs';
import type { Clock } from '../../../clock.js';
import type { ViewMessage } from '../../../protocol/views/index.js';
import type { Directory } from '../../../sequence/directory.js';
import type { SequenceHandle } from '../../../sequence/handle.js';

/** A position that no history has, so that the newest result comes first. */
const NOWHERE = { epoch: '', seq: -1 };
const OPTIONS = { every: 0, delivery: 'every', ranges: true } as const;
/** Milliseconds that it may take; without it the forecast is told without its range. */
const PATIENCE_MS = 1000;

/** Gives it; null where it cannot be told now. */
export async function newestPrediction(
  handle: SequenceHandle,
  { directory, clock }: { readonly directory: Directory; readonly clock: Pick<Clock, 'scheduler'> },
  asker: object,
): Promise<ViewMessage | null> {
  const asked = { after: '', limit: 1, covers: null, only: handle.name, asker };
  const { sequences } = await firstValueFrom(directory.list(asked));
  if (!sequences[0]?.awake || handle.seq < 0) return null;
  const newest$ = handle.rejoin('predictions', OPTIONS, NOWHERE).results$.pipe(
    take(1),
    takeUntil(timer(PATIENCE_MS, clock.scheduler)),
    // without a range it is a forecast all the same
    catchError(() => EMPTY),
  );
  return lastValueFrom(merge(of(null), newest$));
}

/** Puts the range of the newest forecast to its row, where it is among those of a message. */
export function withRange(message: ViewMessage, newest: ViewMessage): ViewMessage {
  if (message.type !== 'predictions' || newest.type !== 'predictions' || !newest.range) return message;
  const at = newest.seq - message.seq;
  if (at < 0 || at >= message.count) return message;
  const range = new Float32Array(message.y.length).fill(Number.NaN);
  range.set(newest.range, at * newest.range.length);
  return { ...message, range };
}
