/** The endpoints for operators' tools: is it alive, is it ready, how is it doing. */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../auth/origins.js';
import type { Metrics } from '../telemetry/prometheus.js';
import { type HttpServer, send, sendJson } from './http.js';

/** Gives the problem, or null. */
export type Check = () => string | null;

export interface OperationsParts {
  /** The checks that must pass for the server to be ready, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
  /** Gives the refusal of who may not read the metrics. */
  readonly metricsRefusal: (request: IncomingMessage) => Promise<Refusal | null> | null;
}

export function addOperations(http: HttpServer, { checks, metrics, metricsRefusal }: OperationsParts): void {
  http.on('GET', '/livez', ({ response }) => sendJson(response, 200, { status: 'ok' }));
  http.on('GET', '/readyz', ({ response, query }) => {
    const answers = Object.entries(checks).map(([name, check]) => ({ name, fault: check() }));
    const faults = answers.filter(({ fault }) => fault !== null);
    const status = faults.length > 0 ? 503 : 200;
    if (!query.has('verbose'))
      return sendJson(response, status, { status: faults.map(({ fault }) => fault).join('; ') || 'ok' });
    const lines = answers.map(
      ({ name, fault }) => `${fault === null ? 'ok' : 'no'} ${name}${fault === null ? '' : `: ${fault}`}`,
    );
    const verdict = faults.length > 0 ? 'not ready' : 'ready';
    send(response, status, 'text/plain; charset=utf-8', `${lines.join('\n')}\n${verdict}\n`);
  });
  http.on('GET', '/metrics', async ({ request, response }) => {
    const refused = await metricsRefusal(request);
    if (refused) return sendJson(response, refused.status, { error: refused.reason }, refused.headers);
    send(response, 200, metrics.contentType, metrics.text());
  });
}
