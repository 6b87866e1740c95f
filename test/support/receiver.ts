/** A receiver of webhooks: a real HTTP server that notes what came and answers as the test says. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { id: string; type: string; time: string; data: Record<string, unknown> } & Record<
    string,
    unknown
  >;
}

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
}

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** @param reply gives the answer to the nth request */
export async function startReceiver(reply: (n: number) => Reply = () => ({ status: 204 }), port = 0) {
  const received: Received[] = [];
  const wakers = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { status, headers = {} } = reply(received.length);
    received.push({ headers: request.headers, body, event: JSON.parse(body) });
    response.writeHead(status, headers).end();
    for (const wake of wakers) wake();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const at = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  endings.push(close);
  /** Resolves when so many requests have come. */
  const came = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (received.length < count) return;
        wakers.delete(look);
        resolve();
      };
      wakers.add(look);
      look();
    });
  return { url: `http://127.0.0.1:${at.port}/hook`, port: at.port, received, came, close };
}
