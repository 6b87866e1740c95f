import { concat, defer, EMPTY, ignoreElements, type Observable, of, tap } from 'rxjs';
import type { ClientMessageOf, ServerMessage } from '../../protocol/messages.js';
import type { RefusedPush, SequenceHandle } from '../../sequence/handle.js';

export interface TargetsParts {
  /** Tells the client which targets were refused. @param re the request that the last refusal answers */
  readonly refusePush: (channel: number, refused: readonly RefusedPush[], re?: number) => void;
}

/**
 * Gives late targets to their steps. Refusals of single targets leave at once. If the message asks for an answer, that
 * comes when the other targets are durable; if there are none, the last refusal is the answer.
 */
export function learn(
  handle: SequenceHandle,
  { id, channel, seq, targets }: ClientMessageOf<'targets'>,
  { refusePush }: TargetsParts,
): Observable<ServerMessage> {
  let isAnswered = id === undefined;
  let count = 0;
  const refusals$ = handle.learn(seq, targets).pipe(
    tap(({ refused, isAll }) => {
      for (const one of refused) count += one.count ?? 1;
      isAnswered ||= isAll;
      refusePush(channel, refused, isAll ? id : undefined);
    }),
    ignoreElements(),
  );
  const done = () => ({ type: 'done', re: id!, ...(count > 0 && { refused: count }) }) as const;
  return concat(
    refusals$,
    defer(() => (isAnswered ? EMPTY : of(done()))),
  );
}
