/** The WebSockets of a server: accepted and refused upgrades, and the conversation of each socket. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { EddyError } from '../../errors.js';
import { type Encoding, encodingOf, SUBPROTOCOLS } from '../../protocol/codec.js';
import { STREAM_PATH } from '../../protocol/messages.js';
import type { Directory } from '../../sequence/directory.js';
import { type Access, EVERYTHING } from '../auth/access.js';
import { type Authenticator, bearerOf } from '../auth/authenticator.js';
import type { Origins, Refusal } from '../auth/origins.js';
import type { Leaver } from '../goodbye.js';
import { ambiguityOf } from '../http/ambiguity.js';
import type { Peer, Peers } from '../http/peers.js';
import { answer, refusalBy, STOPPING } from '../http/raw-answer.js';
import { ConnectionPlaces, type Place } from '../load/connection-places.js';
import type { Lobby } from '../load/lobby.js';
import { SocketAdmission } from '../load/socket-admission.js';
import { TurnBudget } from '../load/turn-budget.js';
import type { ServerParts } from '../server-parts.js';
import { LogThrottle } from '../telemetry/log-throttle.js';
import { countOne } from '../telemetry/telemetry.js';
import { type AcceptedSocket, bytesOf, plainSocket } from './accepted-socket.js';
import { AuditTrail } from './audit-trail.js';
import { Connection } from './connection.js';
import { createFlushQueue } from './flush-queue.js';
import { frame, framedSocket } from './framed-socket.js';
import type { SocketLike } from './socket-like.js';
import { createWires, type Wire } from './wires.js';

export interface GatewayParts extends ServerParts {
  readonly directory: Directory;
  readonly authenticator: Authenticator;
  readonly peers: Peers;
  readonly lobby: Pick<Lobby, 'hold' | 'leave'>;
}

/** What is known of a socket besides its bytes. */
export interface SocketOrigin {
  /** Null if it is not known. */
  readonly address: string | null;
  /** Its rights; null if its hello has to bring a token. */
  readonly access: Access | null;
  /** Gives the rights of a token in its hello. */
  readonly admit: (token: string | undefined) => Promise<Access>;
  /** Its place among the sockets, if it has one; who does not say hello may lose it. */
  readonly place?: Place | undefined;
}

type AnySocket = Pick<AcceptedSocket, 'on' | 'close' | 'terminate'>;

export class Gateway {
  private readonly webSockets;
  /** The places of WebSockets, and of connections that are about to become one. */
  private readonly sockets: ConnectionPlaces;
  private readonly connections = new Map<AnySocket, Connection>();
  private readonly admission: SocketAdmission;
  private readonly throttle: LogThrottle;
  private readonly framed: Record<Encoding, Wire>;
  private readonly plain: Record<Encoding, Wire>;
  private readonly atTurnEnd = createFlushQueue(process.nextTick, (error) =>
    this.parts.logger.error({ err: error }, 'a socket could not be written to'),
  );
  /** Upgrades whose token is being judged. */
  private readonly undecided = new Set<Duplex>();
  /** Many come at once when a server is back, and each takes a part of a millisecond. */
  private readonly upgrades: TurnBudget;
  private isStopping = false;

  constructor(private readonly parts: GatewayParts) {
    const { limits, clock, guard } = parts;
    const now = () => clock.monotonic();
    this.framed = createWires(limits, frame);
    this.plain = createWires(limits, asBytes);
    this.sockets = new ConnectionPlaces({ most: limits.sockets, mostPerAddress: limits.socketsPerAddress });
    this.admission = new SocketAdmission({ limits, guard, now, sockets: this.sockets });
    this.throttle = new LogThrottle(now);
    this.upgrades = new TurnBudget(clock);
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.frameBytes,
      maxFragments: limits.fragments,
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    });
  }

  get size(): number {
    return this.connections.size;
  }

  get viewCount(): number {
    let total = 0;
    for (const connection of this.connections.values()) total += connection.viewCount;
    return total;
  }

  /** Answers an upgrade: with a socket, or with why there is none. @param origins which names and pages are let in */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, origins: Origins): void {
    socket.on('error', () => socket.destroy());
    this.parts.lobby.hold(request.socket);
    this.upgrades.run(() => {
      if (!socket.destroyed) this.admit(request, socket, head, origins);
    });
  }

  private admit(request: IncomingMessage, socket: Duplex, head: Buffer, origins: Origins): void {
    const { authenticator, lobby } = this.parts;
    const peer = this.parts.peers.peerOf(request);
    const { address } = peer;
    const refuse = (refusal: Refusal) => this.refuse(socket, address, refusal);
    const refusal = this.refusalOf(request, peer, origins);
    if (refusal) return refuse(refusal);
    lobby.leave(request.socket);
    const place = this.sockets.enter(address, socket, () => {
      if (this.undecided.delete(socket)) refuse(CROWDED);
    });
    const accept = (access: Access | null) =>
      this.webSockets.handleUpgrade(request, socket, head, (webSocket) =>
        this.converse(webSocket, this.wireOf(webSocket, this.framed), framedSocket(webSocket, socket), {
          address,
          access,
          admit: (token) => authenticator.admit(token, address, request),
          place,
        }),
      );
    const { authorization } = request.headers;
    if (!authenticator.isClosed) return accept(EVERYTHING);
    if (authorization === undefined && !authenticator.asksRequests) return accept(null);
    void this.decide(socket, refuse, accept, () =>
      authenticator.admitRequest(bearerOf(authorization), address, request),
    );
  }

  /** Accepts or refuses an upgrade as soon as its token is judged, and refuses it when that takes too long. */
  private async decide(
    socket: Duplex,
    refuse: (refusal: Refusal) => void,
    accept: (access: Access | null) => void,
    judge: () => Promise<Access | null>,
  ): Promise<void> {
    const { clock, limits, logger } = this.parts;
    const late = clock.scheduler.schedule(() => {
      if (this.undecided.delete(socket)) refuse(LATE);
    }, limits.helloMs);
    this.undecided.add(socket);
    try {
      const access = await judge();
      if (this.undecided.delete(socket)) accept(access);
    } catch (error) {
      if (!(error instanceof EddyError)) logger.error({ err: error }, 'an upgrade failed');
      if (this.undecided.delete(socket)) refuse(refusalBy(error));
    }
    late.unsubscribe();
  }

  /** Serves a socket that another program accepted, within the limits of this server. */
  accept(socket: AcceptedSocket, origin: SocketOrigin): void {
    const { limits, guard } = this.parts;
    if (this.isStopping || guard.reason !== null || this.connections.size >= limits.sockets)
      socket.close(BUSY, this.isStopping ? 'server-shutdown' : 'overloaded');
    else this.serve(socket, origin);
  }

  /** Serves a socket, whatever the limits. */
  serve(socket: AcceptedSocket, origin: SocketOrigin): void {
    const isText = encodingOf(socket.protocol) === 'json';
    const written = plainSocket(socket, isText, () => this.connections.get(socket)?.alive());
    this.converse(socket, this.wireOf(socket, this.plain), written, origin);
  }

  /** Accepts no new sockets, and gives the open ones. */
  stop(): Leaver[] {
    this.isStopping = true;
    for (const socket of this.undecided) answer(socket, STOPPING);
    this.undecided.clear();
    return Array.from(this.connections, ([socket, connection]) => ({
      closed: new Promise<void>((resolve) => socket.on('close', () => resolve())),
      farewell: (error, retryMs) => connection.farewell(error, retryMs),
      terminate: () => socket.terminate?.(),
    }));
  }

  /** Renews the access of each socket. */
  async renew(): Promise<void> {
    await Promise.all(Array.from(this.connections.values(), (connection) => connection.renew()));
  }

  private wireOf({ protocol }: { readonly protocol: string }, wires: Record<Encoding, Wire>): Wire {
    return wires[encodingOf(protocol) ?? 'msgpack'];
  }

  /** Gives the refusal of an upgrade, before any token is checked. */
  private refusalOf(request: IncomingMessage, peer: Peer, origins: Origins): Refusal | null {
    const [path] = (request.url ?? '').split('?', 1);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (this.isStopping) return STOPPING;
    const unclear = ambiguityOf(request, true);
    if (unclear) return unclear;
    if (peer.fault !== null) return { status: 400, reason: peer.fault };
    if (path !== STREAM_PATH) return { status: 404, reason: `the stream is at ${STREAM_PATH}` };
    if (!offered.some(encodingOf))
      return { status: 400, reason: `offer a subprotocol: ${SUBPROTOCOLS.join(', ')}` };
    return origins.refusal(request, true, peer) ?? this.admission.refusal(peer.address);
  }

  private refuse(socket: Duplex, address: string, refusal: Refusal): void {
    const { telemetry, logger } = this.parts;
    const { status, reason } = refusal;
    countOne(telemetry.wire.upgradesRefused, status);
    const fields = { address, status, reason };
    this.throttle.say((...line) => logger.warn(...line), reason, fields, 'socket refused');
    answer(socket, refusal);
  }

  private converse(
    socket: WebSocket | AcceptedSocket,
    wire: Wire,
    written: SocketLike,
    origin: SocketOrigin,
  ): void {
    const { logger, telemetry, clock, slowRequestMs } = this.parts;
    const { wire: counters } = telemetry;
    const { address, access, admit, place } = origin;
    if (place)
      place.end = () => {
        socket.close(BUSY, 'overloaded');
        socket.terminate?.();
      };
    const id = ++counters.socketsOpened;
    const began = clock.monotonic();
    const connection = new Connection({
      ...this.parts,
      ...wire,
      socket: written,
      atTurnEnd: this.atTurnEnd,
      counters,
      access,
      admit,
      audit: new AuditTrail({ audit: this.parts.audit, address, connection: id }),
      slow: {
        slowMs: slowRequestMs,
        onSlow: (request) => {
          countOne(counters.slowRequests, request.type);
          const fields = { connection: id, address, ...request };
          this.throttle.say((...line) => logger.warn(...line), request.type, fields, 'a request took long');
        },
      },
      onFault: (error) => this.fault(error, id),
      onWelcome: () => place && this.sockets.settle(place, 'busy'),
    });
    const heard: AnySocket = socket as AcceptedSocket;
    this.connections.set(heard, connection);
    logger.debug({ connection: id, address, protocol: socket.protocol }, 'socket opened');
    heard.on('message', (data, isBinary) => {
      const bytes = bytesOf(data);
      counters.receivedBytes += bytes.length;
      connection.receive(isBinary ? bytes : decoder.decode(bytes));
    });
    heard.on('pong', () => connection.alive());
    heard.on('error', (error) => {
      const { code = error.name } = error as NodeJS.ErrnoException;
      const fields = { connection: id, address, err: error };
      this.throttle.say((...line) => logger.warn(...line), code, fields, 'socket error');
    });
    heard.on('close', (code) => {
      connection.end();
      this.connections.delete(heard);
      countOne(counters.socketsClosed, code);
      const seconds = Math.round(clock.monotonic() - began) / 1000;
      logger.info({ connection: id, address, code, seconds }, 'socket closed');
    });
  }

  /** Logs a fault inside Eddy. */
  private fault(error: unknown, connection: number): void {
    const { logger } = this.parts;
    const fields = { connection, err: error };
    this.throttle.say((...line) => logger.error(...line), String(error), fields, 'a message failed');
  }
}

/** Tells a client to come back later. */
const BUSY = 3000;
const CROWDED: Refusal = {
  status: 503,
  reason: 'too many sockets: this one had not said hello',
  headers: { 'Retry-After': '10' },
};
const LATE: Refusal = {
  status: 503,
  reason: 'the token could not be judged in time',
  headers: { 'Retry-After': '5' },
};

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const asBytes = (message: Uint8Array | string) =>
  typeof message === 'string' ? encoder.encode(message) : message;
