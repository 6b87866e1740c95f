/** The HTTP side: bounded requests on a bounded number of connections, from allowed hosts and origins. */
import {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Refusal } from '../auth/origins.js';
import { ambiguityOf } from './ambiguity.js';
import { createCrossOrigin } from './cross-origin.js';

export interface HttpParts {
  readonly createListener: (onRequest: RequestListener) => Server;
  /** The most TCP connections that Node keeps at once: who counts them needs room for those that are just being ended. */
  readonly connections: number;
  /** The refusal of a request, or null if it is served. */
  readonly refusal: (request: IncomingMessage) => Refusal | null;
  /** May the page that sends a request read the answer? */
  readonly allowsPage: (request: IncomingMessage) => boolean;
  /** Reports a fault inside Eddy. */
  readonly onFault: (error: unknown) => void;
}

/** A request matched by a route. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The value of `:name` in the route's path. */
  readonly name: string;
  readonly query: URLSearchParams;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Route {
  readonly method: Method;
  readonly path: RegExp;
  readonly handle: Handler;
}

export class HttpServer {
  readonly server: Server;
  private readonly routes: Route[] = [];
  private readonly crossOrigin: (request: IncomingMessage, response: ServerResponse) => boolean;
  private isClosing = false;

  constructor(private readonly parts: HttpParts) {
    this.server = parts.createListener((request, response) => {
      // Node keeps a connection that falls idle while its server closes
      response.once('close', () => this.isClosing && request.socket.end());
      void this.serve(request, response);
    });
    this.server.maxConnections = parts.connections;
    this.crossOrigin = createCrossOrigin(parts.allowsPage);
  }

  /** @param path a path in which `:name` matches anything without a slash. GET answers HEAD too */
  on(method: Method, path: string, handle: Handler): void {
    const pattern = path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(':name', '([^/]+)');
    this.routes.push({ method, path: new RegExp(`^${pattern}$`), handle });
  }

  /** Starts to listen, and gives the address; port 0 picks a free one. */
  async listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const { address, port: chosen } = this.server.address() as AddressInfo;
    return { host: address, port: chosen };
  }

  /** Accepts no more connections; resolves when pending requests are answered and all connections are closed. */
  async close(): Promise<void> {
    if (this.isClosing) return;
    this.isClosing = true;
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = ambiguityOf(request, false) ?? this.parts.refusal(request);
    if (refused) return sendJson(response, refused.status, { error: refused.reason }, refused.headers);
    const [path = '', query] = (request.url ?? '').split('?', 2);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (this.crossOrigin(request, response)) return;
    const routes = this.routes.filter((route) => route.path.test(path));
    const route = routes.find((one) => one.method === method);
    if (!route) return notServed(response, method ?? '', routes);
    try {
      const name = decodeURIComponent(route.path.exec(path)?.[1] ?? '');
      await route.handle({ request, response, name, query: new URLSearchParams(query) });
    } catch (error) {
      if (error instanceof URIError) return sendJson(response, 400, { error: STATUS_CODES[400] });
      this.parts.onFault(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: STATUS_CODES[500] });
    }
  }
}

/** Nothing is there, or nothing that this method asks for. */
function notServed(response: ServerResponse, method: string, routes: readonly Route[]): void {
  if (routes.length === 0) return sendJson(response, 404, { error: STATUS_CODES[404] });
  const allow = [
    ...new Set(routes.flatMap((one) => (one.method === 'GET' ? ['GET', 'HEAD'] : [one.method]))),
  ];
  const headers = { allow: allow.join(', ') };
  if (method === 'OPTIONS') response.writeHead(204, headers).end();
  else sendJson(response, 405, { error: `this answers to ${headers.allow}` }, headers);
}

/** Sends a body. The rest of the request's own body is not read: its connection is closed. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
): void {
  if (!response.req.complete) {
    response.shouldKeepAlive = false;
    response.req.resume();
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': bytes.length }).end(bytes);
}

export const sendJson = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: OutgoingHttpHeaders = {},
): void => send(response, status, 'application/json; charset=utf-8', JSON.stringify(body), headers);
