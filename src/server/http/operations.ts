/** The endpoints for operators' tools: is it alive, is it ready, how is it doing. */
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../telemetry/prometheus.js';

/** Gives the problem, or null. */
export type Check = () => string | null;

export interface OperationsParts {
  /** The checks that must pass for the server to be ready, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
}

export function addOperations(app: FastifyInstance, { checks, metrics }: OperationsParts): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get<{ Querystring: { verbose?: string } }>('/readyz', async ({ query }, reply) => {
    const answers = Object.entries(checks).map(([name, check]) => ({ name, fault: check() }));
    const faults = answers.filter(({ fault }) => fault !== null);
    if (faults.length > 0) reply.code(503);
    if (query.verbose === undefined) return { status: faults.map(({ fault }) => fault).join('; ') || 'ok' };
    reply.type('text/plain; charset=utf-8');
    const lines = answers.map(
      ({ name, fault }) => `${fault === null ? 'ok' : 'no'} ${name}${fault === null ? '' : `: ${fault}`}`,
    );
    return `${lines.join('\n')}\n${faults.length > 0 ? 'not ready' : 'ready'}\n`;
  });
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.text();
  });
}
