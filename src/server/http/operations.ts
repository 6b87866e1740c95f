/** The endpoints for operators' tools: is it alive, is it ready, how is it doing. */
import type { Metrics } from '../telemetry/prometheus.js';
import { type HttpServer, send, sendJson } from './http.js';

/** Gives the problem, or null. */
export type Check = () => string | null;

export interface OperationsParts {
  /** The checks that must pass for the server to be ready, by name. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
}

export function addOperations(http: HttpServer, { checks, metrics }: OperationsParts): void {
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
  http.on('GET', '/metrics', ({ response }) => send(response, 200, metrics.contentType, metrics.text()));
}
