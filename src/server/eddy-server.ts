/** The server: a gateway for sockets, HTTP beside it, and their graceful shutdown. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Client } from '../../client/sdk/index.js';
import { EddyError } from '../errors.js';
import { DEFAULT_PORT } from '../limits.js';
import type { Directory } from '../sequence/directory.js';
import { LocalDirectory } from '../sequence/local-directory.js';
import { Attachments, type AttachOptions } from './attachments.js';
import { EVERYTHING } from './auth/access.js';
import { Attempts } from './auth/attempts.js';
import { Authenticator } from './auth/authenticator.js';
import { accessOf } from './auth/grant.js';
import { changesOf } from './auth/list-changes.js';
import { Origins, type Refusal } from './auth/origins.js';
import { createRefusalAudit } from './auth/refusal-audit.js';
import { sayGoodbye } from './goodbye.js';
import { type Api, addApi } from './http/api/http-api.js';
import { addClientFile } from './http/client-file.js';
import { addDashboard } from './http/dashboard-files.js';
import { HttpServer } from './http/http.js';
import { createListener } from './http/listener.js';
import { metricsRefusal } from './http/metrics-door.js';
import { addOperations, type Check } from './http/operations.js';
import { Peers } from './http/peers.js';
import { Lobby } from './load/lobby.js';
import { reloadAll } from './reload.js';
import type { AcceptOptions, Address, ListenOptions } from './server-options.js';
import type { ServerParts } from './server-parts.js';
import type { AcceptedSocket } from './socket/accepted-socket.js';
import { Gateway } from './socket/gateway.js';
import { createCensus } from './telemetry/census.js';
import { createMetrics, type Metrics } from './telemetry/prometheus.js';
import { webhookMetrics } from './webhooks/webhook-metrics.js';

export type { AcceptOptions, Address, ListenOptions };

export class EddyServer {
  private readonly http: HttpServer;
  /** Serves operators on a port of their own, if requested. */
  private admin: HttpServer | null = null;
  private readonly directory: Directory;
  private readonly gateway: Gateway;
  private readonly authenticator: Authenticator;
  private readonly peers: Peers;
  private origins: Origins;
  private adminOrigins: Origins;
  private readonly metrics: Metrics;
  private readonly api: Api;
  private readonly operated = new WeakSet<HttpServer>();
  private readonly attachments: Attachments;
  /** Clients in this process. */
  private readonly inside = new Set<Client>();
  private stopping: Promise<void> | null = null;

  constructor(private readonly parts: ServerParts) {
    const { logger, limits, clock, credentials, authorize, registry } = parts;
    this.authenticator = new Authenticator({
      credentials,
      authorize,
      attempts: new Attempts({ now: () => clock.monotonic(), perMinute: limits.refusedTokens }),
      onRefused: createRefusalAudit(parts.audit, () => clock.monotonic()),
    });
    this.peers = new Peers(parts.trustProxy);
    this.origins = this.originsAt({ host: 'localhost', port: 0 });
    this.adminOrigins = this.origins;
    this.directory = new LocalDirectory(registry, clock);
    const lobby = this.createLobby();
    this.gateway = new Gateway({
      ...parts,
      directory: this.directory,
      authenticator: this.authenticator,
      peers: this.peers,
      lobby,
    });
    this.attachments = new Attachments({
      originsAt: (host, port, more, isTls) => this.originsAt({ host, port }, more, isTls),
      upgrade: (request, socket, head, origins) => this.gateway.upgrade(request, socket, head, origins),
    });
    this.http = new HttpServer({
      onFault: (error) => logger.error({ err: error }, 'a request failed'),
      connections: limits.sockets + 2 * limits.httpConnections,
      createListener: (onRequest) => createListener(onRequest, limits, credentials.tls),
      refusal: (request) => this.refusal(request, this.originsOf(request)),
      allowsPage: (request) => this.originsOf(request).allowsPage(request, this.peers.peerOf(request)),
    });
    addDashboard(this.http, (text) => logger.warn(text));
    addClientFile(this.http, (text) => logger.warn(text));
    this.api = addApi(this.http, {
      ...parts,
      directory: this.directory,
      turns: registry.turns,
      authenticator: this.authenticator,
      peers: this.peers,
      onFault: (error) => logger.error({ err: error }, 'a request failed'),
    });
    this.metrics = createMetrics({
      ...parts,
      census: createCensus({ ...parts, gateway: this.gateway }),
      ofProcess: parts.metricsOfProcess,
      more: parts.webhooks ? webhookMetrics(parts.webhooks) : [],
    });
    const { woken$, removed$ } = registry;
    parts.webhooks?.start({ directory: this.directory, woken$, removed$ });
    lobby.watch(this.http.server);
    this.http.server.on('upgrade', (request, socket, head) =>
      this.gateway.upgrade(request, socket, head, this.origins),
    );
  }

  /** Starts to listen, and gives the address. If it cannot, the server stops. */
  async listen(options: ListenOptions = {}): Promise<Address & { admin?: Address }> {
    const { host = '127.0.0.1', port = DEFAULT_PORT, admin } = options;
    const { logger, limits } = this.parts;
    if (admin) {
      this.admin = new HttpServer({
        onFault: (error) => logger.error({ err: error }, 'a request failed'),
        connections: 2 * limits.httpConnections,
        createListener: (onRequest) => createListener(onRequest, limits, null),
        refusal: (request) => this.refusal(request, this.adminOrigins),
        allowsPage: () => false,
      });
      this.createLobby().watch(this.admin.server);
    }
    this.addOperations(this.admin ?? this.http);
    try {
      const at = await this.http.listen(host, port);
      this.origins = this.originsAt({ host, port: at.port });
      if (!this.admin || !admin) return at;
      const adminAt = await this.admin.listen(admin.host, admin.port);
      this.adminOrigins = this.originsAt({ host: admin.host, port: adminAt.port });
      return { ...at, admin: adminAt };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Takes the WebSockets of another program's HTTP server: Node's own, with or without TLS, or fastify's `app.server`.
   * Requests for other paths than /stream are left to that program.
   */
  attach(server: Server | TlsServer, options: AttachOptions = {}): void {
    this.attachments.add(server, options);
  }

  /** Serves a WebSocket that another program accepted. */
  accept(socket: AcceptedSocket, { grant, address, request }: AcceptOptions = {}): void {
    const granted = grant && accessOf(grant);
    const access = granted ?? (this.authenticator.isClosed ? null : EVERYTHING);
    this.gateway.accept(socket, {
      address: address ?? null,
      access,
      admit: granted
        ? async () => granted
        : (token) => this.authenticator.admit(token, address ?? null, request),
    });
  }

  /** Answers one HTTP request of another program's server: the dashboard, /client, /sequences, /livez, /readyz, /metrics. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.admin) this.addOperations(this.http);
    return this.http.serve(request, response);
  }

  /**
   * Gives a client of this server in the same process, without a network, with the same handles and Observables as
   * any client. It has all rights.
   */
  async client(): Promise<Client> {
    const { connectInProcess } = await import('./in-process.js');
    if (this.stopping !== null) throw new EddyError('server-shutdown', 'the server has stopped');
    const admit = async () => EVERYTHING;
    const client = connectInProcess((socket) =>
      this.gateway.serve(socket, { address: null, access: EVERYTHING, admit }),
    );
    this.inside.add(client);
    return client;
  }

  /**
   * Accepts no new sockets, closes the open ones with the reconnect code, runs `onStop`, and ends all
   * sequences. Rejects if any of these failed; the others are done all the same.
   */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  /** Reloads tokens, keys, certificates and the like, and logs the outcome; a part that fails keeps its old state. */
  reload(): Promise<void> {
    const { onReload, logger } = this.parts;
    return reloadAll({ credentials: () => this.reloadCredentials(), ...onReload }, logger);
  }

  private addOperations(app: HttpServer): void {
    if (this.operated.has(app)) return;
    this.operated.add(app);
    const { guard, checks, clock, protectMetrics } = this.parts;
    const { authenticator, peers } = this;
    const all: Record<string, Check> = {
      running: () => (this.stopping !== null ? 'shutting down' : null),
      load: () => guard.reason,
      ...checks,
    };
    addOperations(app, {
      checks: all,
      metrics: this.metrics,
      metricsRefusal: (request) =>
        protectMetrics ? metricsRefusal(request, { authenticator, peers, clock }) : null,
    });
  }

  private async shutDown(): Promise<void> {
    const { registry, guard, limits, onStop, clock, random, spreadMs } = this.parts;
    const { newSocketsPerSecond } = limits;
    const { scheduler } = clock;
    const goodbye = { scheduler, random, spreadMs, newSocketsPerSecond };
    const ends = [
      () => {
        for (const client of this.inside) client.close();
      },
      () => this.attachments.end(),
      () => sayGoodbye(this.gateway.stop(), goodbye),
      () => this.api.streams.end(),
      () => this.http.close(),
      ...onStop,
      () => registry.end(),
      () => this.admin?.close(),
    ];
    const failures: unknown[] = [];
    for (const end of ends) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    guard.end();
    if (failures.length > 0)
      throw new AggregateError(failures, `the shutdown failed: ${failures.join('; ')}`);
  }

  /**
   * Reloads the credentials. Sockets whose token is no longer valid are closed for good; those whose rights changed
   * must reconnect.
   */
  private async reloadCredentials(): Promise<string> {
    const { credentials, audit } = this.parts;
    const { server } = this.http;
    const before = credentials.listed;
    credentials.reload();
    audit({ what: 'reload', who: 'operator', address: null, ...changesOf(before, credentials.listed) });
    if (credentials.tls && server instanceof TlsServer) server.setSecureContext(credentials.tls);
    await this.gateway.renew();
    // a browser comes back by itself, with the token that it has
    this.api.streams.end();
    return credentials.areNeeded ? 'tokens are needed' : 'no tokens are needed';
  }

  private createLobby(): Lobby {
    return new Lobby({ limits: this.parts.limits, isShared: (address) => this.peers.isTrusted(address) });
  }

  /** Which names and pages a request may have: those of the program that it came to. */
  private originsOf(request: IncomingMessage): Origins {
    return this.attachments.originsOf(request) ?? this.origins;
  }

  /** Gives the refusal of a request, or null if it is served. */
  private refusal(request: IncomingMessage, origins: Origins): Refusal | null {
    const peer = this.peers.peerOf(request);
    if (peer.fault !== null) return { status: 400, reason: peer.fault };
    return origins.refusal(request, false, peer);
  }

  private originsAt({ host, port }: Address, more: readonly string[] = [], isTls = false): Origins {
    const { credentials, origins, authorize } = this.parts;
    const { tls, areNeeded } = credentials;
    return new Origins({
      host,
      port,
      allowed: [...origins, ...more],
      isSecure: isTls || tls !== null,
      // an authorize hook also sees requests without a token
      needsToken: areNeeded && authorize === null,
    });
  }
}
