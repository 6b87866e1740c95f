/** The server: WebSockets behind fastify's upgrade, and their orderly end. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { SchedulerLike } from 'rxjs';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { EddyError } from '../errors.js';
import type { Limits } from '../limits.js';
import { Codec, type Encoding, encodingOf, SUBPROTOCOLS } from '../protocol/codec.js';
import { type ServerMessage, STREAM_PATH } from '../protocol/messages.js';
import type { Registry } from '../sequence/registry.js';
import { type Access, EVERYTHING } from './auth/access.js';
import { Attempts } from './auth/attempts.js';
import { Authenticator, bearerOf } from './auth/authenticator.js';
import type { Credentials } from './auth/credentials.js';
import { CHALLENGE, Origins, type Refusal } from './auth/origins.js';
import { sayGoodbye } from './goodbye.js';
import { dashboard } from './http/dashboard-files.js';
import { createHttp } from './http/http.js';
import { createListener } from './http/listener.js';
import { addOperations, type Check } from './http/operations.js';
import { addTransfer } from './http/sequence-transfer.js';
import { ConnectionCounts } from './load/connection-counts.js';
import type { LoadShedder } from './load/load-shedder.js';
import { SocketAdmission } from './load/socket-admission.js';
import { type Reload, reloadAll } from './reload.js';
import { Connection } from './socket/connection.js';
import { createFlushQueue } from './socket/flush-queue.js';
import { frame, framedSocket } from './socket/framed-socket.js';
import { LogThrottle } from './telemetry/log-throttle.js';
import { createMetrics, type Metrics } from './telemetry/prometheus.js';
import { countOne, type Telemetry } from './telemetry/telemetry.js';

export interface ServerParts {
  readonly registry: Registry;
  readonly limits: Limits;
  readonly scheduler: SchedulerLike;
  /** Milliseconds, for durations and rates. */
  readonly now: () => number;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: FastifyBaseLogger;
  readonly telemetry: Telemetry;
  readonly guard: LoadShedder;
  /** What has to be well besides for the server to be ready, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Has the server metrics of its process too? */
  readonly metricsOfProcess: boolean;
  /** Milliseconds over which clients are told to come back after the server's end. */
  readonly spreadMs: number;
  /** What is still to be done when all sockets are closed and all sequences are there, one after the other. */
  readonly onStop: readonly (() => void | Promise<void>)[];
  /** What `reload` reads anew, by name. */
  readonly onReload: Readonly<Record<string, Reload>>;
  /** Name and version, as `welcome` tells them. */
  readonly server: string;
  /** Who may connect. */
  readonly credentials: Credentials;
  /** Web pages that may connect, beside the server's own. */
  readonly origins: readonly string[];
}

/** An address to listen on; port 0 takes a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export class EddyServer {
  private readonly http;
  /** Serves operators apart from clients, if asked for. */
  private admin: FastifyInstance | null = null;
  private readonly webSockets;
  private readonly gate: Authenticator;
  private origins: Origins;
  private adminOrigins: Origins;
  /** All connections, and those that are WebSockets or about to be. */
  private readonly streams = new ConnectionCounts();
  private readonly sockets = new ConnectionCounts();
  private readonly connections = new Map<WebSocket, Connection>();
  private readonly admission: SocketAdmission;
  private readonly metrics: Metrics;
  private readonly quiet: LogThrottle;
  private readonly wires: Record<Encoding, Wire>;
  private readonly atTurnEnd = createFlushQueue(process.nextTick);
  private stopping: Promise<void> | null = null;

  constructor(private readonly parts: ServerParts) {
    const { logger, limits, now, credentials, scheduler } = parts;
    const { refusedTokens: perMinute } = limits;
    this.gate = new Authenticator({
      credentials,
      attempts: new Attempts({ now: () => scheduler.now(), perMinute }),
      onRefused: (address, reason) => logger.info({ address, reason }, 'a token was refused'),
    });
    this.origins = this.originsAt({ host: 'localhost', port: 0 });
    this.adminOrigins = this.origins;
    this.wires = { msgpack: createWire('msgpack', limits), json: createWire('json', limits) };
    this.http = createHttp({
      logger,
      limits,
      connections: limits.sockets + limits.httpConnections,
      createListener: (onRequest) => createListener(onRequest, limits, credentials.tls),
      refusal: (request) => this.origins.refusal(request, false),
    });
    this.http.register(dashboard);
    addTransfer(this.http, {
      registry: parts.registry,
      gate: this.gate,
      limits,
      now: () => scheduler.now(),
      onFault: (error) => logger.error({ err: error }, 'a transfer failed'),
    });
    this.admission = new SocketAdmission({ ...parts, sockets: this.sockets });
    this.quiet = new LogThrottle(now);
    this.metrics = createMetrics({ ...parts, census: this, ofProcess: parts.metricsOfProcess });
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      maxFragments: limits.fragments,
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    });
    this.http.server.on('connection', (socket) => this.connect(socket));
    this.http.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  /**
   * Begins to listen, and gives the address. Where it cannot, the server is stopped.
   *
   * @param admin where /livez, /readyz and /metrics are, instead of at the address of the stream
   */
  async listen(host: string, port: number, admin?: Address): Promise<Address & { admin?: Address }> {
    const { logger, limits } = this.parts;
    if (admin)
      this.admin = createHttp({
        logger,
        limits,
        connections: limits.httpConnections,
        createListener: (onRequest) => createListener(onRequest, limits, null),
        refusal: (request) => this.adminOrigins.refusal(request, false),
      });
    addOperations(this.admin ?? this.http, { checks: this.checks(), metrics: this.metrics });
    try {
      const at = await listenAt(this.http, { host, port });
      this.origins = this.originsAt({ host, port: at.port });
      if (!this.admin || !admin) return at;
      const adminAt = await listenAt(this.admin, admin);
      this.adminOrigins = this.originsAt({ host: admin.host, port: adminAt.port });
      return { ...at, admin: adminAt };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Takes no new sockets, closes those there are with the reconnect code, does what `onStop` says, and ends all
   * sequences. Rejects where one of those things failed; the others are done all the same.
   */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  /** Reads tokens, keys, certificates and the like anew, and logs what became of it; what is bad stays as it was. */
  reload(): Promise<void> {
    return reloadAll(
      { credentials: () => this.reloadCredentials(), ...this.parts.onReload },
      this.parts.logger,
    );
  }

  socketCount(): number {
    return this.connections.size;
  }

  viewCount(): number {
    let total = 0;
    for (const connection of this.connections.values()) total += connection.viewCount;
    return total;
  }

  sequenceCounts(): { awake: number; asleep: number } {
    const { size, awakeSize } = this.parts.registry;
    return { awake: awakeSize, asleep: size - awakeSize };
  }

  private checks(): Record<string, Check> {
    const { guard, checks } = this.parts;
    return {
      running: () => (this.stopping ? 'shutting down' : null),
      load: () => guard.reason,
      ...checks,
    };
  }

  private async shutDown(): Promise<void> {
    const { registry, guard, limits, onStop } = this.parts;
    const { newSocketsPerSecond } = limits;
    const leavers = Array.from(this.connections, ([socket, connection]) => ({
      closed: new Promise<void>((resolve) => socket.once('close', () => resolve())),
      farewell: (error: EddyError, retryMs: number) => connection.farewell(error, retryMs),
      terminate: () => socket.terminate(),
    }));
    await sayGoodbye(leavers, { ...this.parts, newSocketsPerSecond });
    const ends = [() => this.http.close(), ...onStop, () => registry.end(), () => this.admin?.close()];
    const failures: unknown[] = [];
    for (const end of ends) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    guard.end();
    if (failures.length > 0) throw new AggregateError(failures, `the end failed: ${failures.join('; ')}`);
  }

  /**
   * Reads who may connect anew. Who is connected with a token that is not good any more is sent away, who has other
   * rights now has to reconnect.
   */
  private async reloadCredentials(): Promise<string> {
    const { credentials } = this.parts;
    const { server } = this.http;
    credentials.reload();
    if (credentials.tls && server instanceof TlsServer) server.setSecureContext(credentials.tls);
    await Promise.all(Array.from(this.connections.values(), (connection) => connection.renew()));
    return credentials.areNeeded ? 'tokens are needed' : 'no tokens are needed';
  }

  private originsAt({ host, port }: Address): Origins {
    const { credentials, origins: allowed } = this.parts;
    const { tls, areNeeded: needsToken } = credentials;
    return new Origins({ host, port, allowed, isSecure: tls !== null, needsToken });
  }

  /** Takes a connection, or breaks it where too many are there that never became a WebSocket. */
  private connect(socket: Socket): void {
    const { httpConnections, socketsPerAddress } = this.parts.limits;
    const { streams, sockets } = this;
    const address = socket.remoteAddress ?? '';
    const isTooMany =
      streams.size - sockets.size >= httpConnections ||
      streams.of(address) - sockets.of(address) >= socketsPerAddress;
    if (isTooMany) socket.destroy();
    else streams.enter(address, socket);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const address = request.socket.remoteAddress ?? '';
    const refuse = (refusal: Refusal) => this.refuse(socket, address, refusal);
    const refusal = this.refusalOf(request, address);
    if (refusal) return refuse(refusal);
    this.sockets.enter(address, socket);
    const accept = (access: Access | null) =>
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        this.accept(webSocket, socket, address, access),
      );
    const { authorization } = request.headers;
    if (!this.gate.isClosed) return accept(EVERYTHING);
    if (authorization === undefined) return accept(null);
    this.gate
      .admit(bearerOf(authorization), address)
      .then(
        (access) => (this.stopping ? refuse(STOPPING) : accept(access)),
        (error) => refuse(refusalBy(error)),
      )
      .catch((error) => {
        this.parts.logger.error({ err: error }, 'an upgrade failed');
        socket.destroy();
      });
  }

  /** Tells why an upgrade is refused, before any token is looked at. */
  private refusalOf(request: IncomingMessage, address: string): Refusal | null {
    const [path] = (request.url ?? '').split('?', 1);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (this.stopping) return STOPPING;
    if (path !== STREAM_PATH) return { status: 404, reason: `the stream is at ${STREAM_PATH}` };
    if (!offered.some(encodingOf))
      return { status: 400, reason: `offer a subprotocol: ${SUBPROTOCOLS.join(', ')}` };
    return this.origins.refusal(request, true) ?? this.admission.refusal(address);
  }

  private refuse(socket: Duplex, address: string, refusal: Refusal): void {
    const { telemetry, logger } = this.parts;
    const { status, reason } = refusal;
    countOne(telemetry.wire.upgradesRefused, status);
    this.quiet.say((...line) => logger.warn(...line), reason, { address, status, reason }, 'socket refused');
    answer(socket, refusal);
  }

  private accept(socket: WebSocket, stream: Duplex, address: string, access: Access | null): void {
    const { logger, telemetry, now } = this.parts;
    const { wire: counters } = telemetry;
    const id = ++counters.socketsOpened;
    const began = now();
    const connection = new Connection({
      ...this.parts,
      socket: framedSocket(socket, stream),
      ...this.wires[encodingOf(socket.protocol) ?? 'msgpack'],
      atTurnEnd: this.atTurnEnd,
      counters,
      access,
      admit: (token) => this.gate.admit(token, address),
      onFault: (error) => this.fault(error, id),
    });
    this.connections.set(socket, connection);
    logger.debug({ connection: id, address, protocol: socket.protocol }, 'socket opened');
    socket.on('message', (data, isBinary) => {
      const bytes = bytesOf(data);
      counters.receivedBytes += bytes.length;
      connection.receive(isBinary ? bytes : String(data));
    });
    socket.on('pong', () => connection.alive());
    socket.on('error', (error) => {
      const { code = error.name } = error as NodeJS.ErrnoException;
      const fields = { connection: id, address, err: error };
      this.quiet.say((...line) => logger.warn(...line), code, fields, 'socket error');
    });
    socket.on('close', (code) => {
      connection.end();
      this.connections.delete(socket);
      countOne(counters.socketsClosed, code);
      const seconds = Math.round(now() - began) / 1000;
      logger.info({ connection: id, address, code, seconds }, 'socket closed');
    });
  }

  /** Logs a fault of Eddy's own. */
  private fault(error: unknown, connection: number): void {
    const { logger } = this.parts;
    this.quiet.say(
      (...line) => logger.error(...line),
      String(error),
      { connection, err: error },
      'a message failed',
    );
  }
}

async function listenAt(app: FastifyInstance, { host, port }: Address): Promise<Address> {
  await app.listen({ host, port });
  const { address, port: chosen } = app.server.address() as AddressInfo;
  return { host: address, port: chosen };
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

const STOPPING: Refusal = { status: 503, reason: 'shutting down', headers: { 'Retry-After': '5' } };

/** Says in HTTP why a token was not taken. */
function refusalBy(error: unknown): Refusal {
  if (!(error instanceof EddyError)) throw error;
  const reason = `${error.code}: ${error.message}`;
  if (error.temporary) return { status: 429, reason, headers: { 'Retry-After': '60' } };
  return {
    status: 401,
    reason,
    headers: { 'WWW-Authenticate': `${CHALLENGE['WWW-Authenticate']}, error="invalid_token"` },
  };
}

function answer(socket: Duplex, { status, reason, headers = {} }: Refusal): void {
  socket.once('finish', () => socket.destroy());
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(reason)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${reason}`);
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
