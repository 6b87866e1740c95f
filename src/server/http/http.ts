/** The HTTP side: bounded requests on a bounded number of connections, from allowed hosts and origins. */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Limits } from '../../limits.js';
import type { Refusal } from '../auth/origins.js';

export interface HttpParts {
  readonly logger: FastifyBaseLogger;
  readonly limits: Pick<Limits, 'messageBytes'>;
  /** Creates the listening server. */
  readonly createListener: (onRequest: RequestListener) => Server;
  /** TCP connections at once, upgraded ones included. */
  readonly connections: number;
  /** The refusal of a request, or null if it is served. */
  readonly refusal: (request: IncomingMessage) => Refusal | null;
}

export function createHttp(parts: HttpParts): FastifyInstance {
  const { logger, limits, createListener, connections, refusal } = parts;
  const app = Fastify({
    loggerInstance: faultsOnly(logger),
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: createListener,
    bodyLimit: limits.messageBytes,
  });
  app.server.maxConnections = connections;
  app.addHook('onRequest', async ({ raw }, reply) => {
    const why = refusal(raw);
    if (why)
      await reply
        .code(why.status)
        .headers({ ...why.headers })
        .send({ error: why.reason });
  });
  return app;
}

/** Raises fastify's log level to warnings: regular events are logged where they happen. */
function faultsOnly(logger: FastifyBaseLogger): FastifyBaseLogger {
  const level = ['trace', 'debug', 'info'].includes(logger.level) ? 'warn' : logger.level;
  return logger.child({}, { level });
}
