/** The server: WebSockets behind fastify's upgrade, and their orderly end. */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { SchedulerLike } from 'rxjs';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { EddyError } from '../errors.js';
import { Codec, type Encoding, encodingOf, SUBPROTOCOLS } from '../protocol/codec.js';
import type { Limits } from '../protocol/limits.js';
import { type ServerMessage, STREAM_PATH } from '../protocol/messages.js';
import type { Registry } from '../sequence/registry.js';
import { Connection } from './connection.js';
import { frame, framedSocket } from './framed-socket.js';
import { createHttp } from './http.js';
import { createTurnEnd } from './turn.js';

export interface ServerParts {
  readonly registry: Registry;
  readonly limits: Limits;
  readonly scheduler: SchedulerLike;
  readonly logger: FastifyBaseLogger;
  /** Name and version, as `welcome` tells them. */
  readonly server: string;
}

/** Milliseconds that sockets get to say goodbye. */
const GOODBYE_MS = 5000;

export class EddyServer {
  private readonly http;
  private readonly sockets;
  private readonly connections = new Map<WebSocket, Connection>();
  /** Sockets of each address. */
  private readonly addresses = new Map<string, number>();
  private readonly wires: Record<Encoding, Wire>;
  private readonly atTurnEnd = createTurnEnd(process.nextTick);
  private stopping: Promise<void> | null = null;

  constructor(private readonly parts: ServerParts) {
    const { logger, limits } = parts;
    this.wires = { msgpack: createWire('msgpack', limits), json: createWire('json', limits) };
    this.http = createHttp({ logger, notReady: () => (this.stopping ? 'shutting down' : null) });
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      maxFragments: limits.fragments,
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    });
    this.http.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  /** Begins to listen. Port 0 takes a free one. */
  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    await this.http.listen({ host, port });
    const address = this.http.server.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  /** Takes no new sockets, closes those there are with the reconnect code, and ends all sequences. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    const closed = [...this.connections.keys()].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const connection of this.connections.values())
      connection.farewell(new EddyError('server-shutdown', 'the server is shutting down; come back later'));
    const impatient = this.parts.scheduler.schedule(() => {
      for (const socket of this.connections.keys()) socket.terminate();
    }, GOODBYE_MS);
    await Promise.all(closed);
    impatient.unsubscribe();
    await this.http.close();
    this.parts.registry.end();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { limits } = this.parts;
    socket.on('error', () => socket.destroy());
    const [path] = (request.url ?? '').split('?', 1);
    const address = request.socket.remoteAddress ?? '';
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (this.stopping) return refuse(socket, 503, 'shutting down');
    if (path !== STREAM_PATH) return refuse(socket, 404, `the stream is at ${STREAM_PATH}`);
    if (!offered.some(encodingOf))
      return refuse(socket, 400, `offer a subprotocol: ${SUBPROTOCOLS.join(', ')}`);
    if (!isSameOrigin(request)) return refuse(socket, 403, 'this page may not connect');
    if (this.connections.size >= limits.sockets) return refuse(socket, 503, 'too many sockets');
    if ((this.addresses.get(address) ?? 0) >= limits.socketsPerAddress)
      return refuse(socket, 503, 'too many sockets of this address');
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => this.accept(webSocket, socket, address));
  }

  private accept(socket: WebSocket, stream: Duplex, address: string): void {
    const { registry, limits, scheduler, logger, server } = this.parts;
    const connection = new Connection({
      socket: framedSocket(socket, stream),
      ...this.wires[encodingOf(socket.protocol) ?? 'msgpack'],
      registry,
      limits,
      scheduler,
      atTurnEnd: this.atTurnEnd,
      server,
      onFault: (error) => logger.error({ err: error }, 'a message failed'),
    });
    this.connections.set(socket, connection);
    this.addresses.set(address, (this.addresses.get(address) ?? 0) + 1);
    socket.on('message', (data, isBinary) => connection.receive(isBinary ? bytesOf(data) : String(data)));
    socket.on('pong', () => connection.alive());
    socket.on('error', (error) => logger.info({ err: error }, 'socket error'));
    socket.on('close', () => {
      connection.end();
      this.connections.delete(socket);
      const left = (this.addresses.get(address) ?? 0) - 1;
      if (left > 0) this.addresses.set(address, left);
      else this.addresses.delete(address);
    });
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** A web page may connect only to the server that it came from; a program sends no Origin. */
function isSameOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

function refuse(socket: Duplex, status: number, reason: string): void {
  socket.once('finish', () => socket.destroy());
  const head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}

interface Wire {
  readonly codec: Codec;
  readonly encode: (message: ServerMessage, packed: boolean) => Uint8Array;
}

/** Fan-out hands the same message to one socket after the other: its frame is made for the first of each form only. */
function createWire(encoding: Encoding, limits: Limits): Wire {
  const codec = new Codec(encoding, limits);
  const asPacked = once((message: ServerMessage) => frame(codec.encode(message, true)));
  const asPlain = once((message: ServerMessage) => frame(codec.encode(message)));
  return { codec, encode: (message, packed) => (packed ? asPacked(message) : asPlain(message)) };
}

/** Keeps the last result. */
function once<T, R>(make: (value: T) => R): (value: T) => R {
  let last: { value: T; result: R } | null = null;
  return (value) => {
    if (last?.value !== value) last = { value, result: make(value) };
    return last.result;
  };
}
