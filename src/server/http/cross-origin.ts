/** Lets web pages of other servers read the answers, where they are allowed to connect (`--origin`). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import cors from 'cors';

/** Headers of an answer that such a page may read. */
const EXPOSED = ['retry-after'];

/**
 * Creates what is done before a request is served: it gives true where that was all, because a browser only asked whether it may.
 *
 * @param isAllowed may the page that sends this request connect?
 */
export function createCrossOrigin(isAllowed: (request: IncomingMessage) => boolean) {
  const allow = cors({
    origin: true,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: 600,
  });
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.headers.origin === undefined || !isAllowed(request)) return false;
    let isServed = true;
    allow(request, response, () => {
      isServed = false;
    });
    return isServed;
  };
}
