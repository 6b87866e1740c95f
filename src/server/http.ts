/** The HTTP side: is the process alive, is it ready. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';

export interface HttpParts {
  readonly logger: FastifyBaseLogger;
  /** Why the server takes no new work, or null where it does. */
  readonly notReady: () => string | null;
}

export function createHttp({ logger, notReady }: HttpParts): FastifyInstance {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 15_000,
    bodyLimit: 64 * 1024,
    http: { headersTimeout: 10_000, maxHeaderSize: 8 * 1024 },
  });
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = notReady();
    if (reason) reply.code(503);
    return { status: reason ?? 'ok' };
  });
  return app;
}
