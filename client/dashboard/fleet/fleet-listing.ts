/** Looks at the list of all sequences, again and again. */
import {
  catchError,
  defer,
  exhaustMap,
  filter,
  from,
  map,
  type Observable,
  of,
  switchMap,
  timer,
} from 'rxjs';
import type { Client, CodedError, Listing } from '../../sdk/index.js';

export type Look =
  | { readonly total: number; readonly sequences: Listing['sequences'] }
  | { readonly refusal: CodedError };

const LOOK_MS = 1000;
/** Sequences in one answer, and in all. */
const PAGE = 1000;
const MAX_SEQUENCES = 10_000;

/** Gives the whole list, up to 10,000 sequences. */
export async function listAll(client: Pick<Client, 'list'>): Promise<Extract<Look, { total: number }>> {
  let { total, sequences } = await client.list({ limit: PAGE });
  let page = sequences;
  while (page.length > 0 && sequences.length < Math.min(total, MAX_SEQUENCES)) {
    const after = (page.at(-1) as (typeof page)[number]).sequence;
    ({ total, sequences: page } = await client.list({ after, limit: PAGE }));
    sequences = [...sequences, ...page];
  }
  return { total, sequences };
}

/** Did the server say no, for good? What became of the connection is told elsewhere. */
export const isRefusal = ({ code, temporary }: CodedError): boolean =>
  !temporary && code !== 'connection-lost' && code !== 'client-closed';

/** Gives a look each second, unless the page is hidden or the one before is still under way. */
export const looks = (client$: Observable<Client>, isHidden: () => boolean): Observable<Look> =>
  client$.pipe(
    switchMap((client) =>
      timer(0, LOOK_MS).pipe(
        filter(() => !isHidden()),
        exhaustMap(() =>
          defer(() => from(listAll(client))).pipe(
            map((look): Look => look),
            catchError((refusal: CodedError) => of<Look>({ refusal })),
          ),
        ),
      ),
    ),
  );
