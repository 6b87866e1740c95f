/** Bodies of agents, read in turn with all other work; the memory of their readings is counted with the bodies of all requests. */
import type { ServerResponse } from 'node:http';
import { EddyError } from '../../../errors.js';
import type { Pieces } from '../../../math/pieces.js';
import { resultInTurns, type Turns } from '../../../sources/in-turns.js';
import type { Held } from './body-room.js';

export interface ReadParts {
  readonly turns: Turns;
  /** For whom it is done: the request. */
  readonly owner: object;
  readonly response: Pick<ServerResponse, 'destroyed'>;
  readonly held: Held;
}

/**
 * @param reading begins the work; it tells how many more bytes it keeps
 * @throws EddyError `overloaded` where all requests keep too much, `input-invalid` where nobody waits for the answer any longer;
 *   and what the work throws
 */
export function readInTurns<T>(
  { turns, owner, response, held }: ReadParts,
  reading: (onKept: (bytes: number) => void) => Pieces<T>,
): Promise<T> {
  const onKept = (bytes: number) => {
    // the memory of a request that is gone is counted nowhere, so it takes no more
    if (response.destroyed) throw new EddyError('input-invalid', 'the sender went before its body was read');
    held.take(bytes);
  };
  return resultInTurns(turns, owner, reading(onKept));
}
