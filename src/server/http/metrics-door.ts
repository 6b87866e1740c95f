/** Who may read /metrics, where it asks for a token. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import { type Authenticator, bearerOf } from '../auth/authenticator.js';
import type { Refusal } from '../auth/origins.js';
import type { Peers } from './peers.js';
import { refusalBy } from './raw-answer.js';

export interface MetricsDoorParts {
  readonly authenticator: Authenticator;
  readonly peers: Peers;
  readonly clock: Pick<Clock, 'wall'>;
}

/** Gives the refusal of a request whose token does not have the role `metrics`, or null. */
export async function metricsRefusal(
  request: IncomingMessage,
  { authenticator, peers, clock }: MetricsDoorParts,
): Promise<Refusal | null> {
  try {
    const token = bearerOf(request.headers.authorization);
    const access = await authenticator.admit(token, peers.peerOf(request).address, request);
    access.require('metrics', null, () => clock.wall(), '/metrics');
    return null;
  } catch (error) {
    if (!(error instanceof EddyError)) throw error;
    const { code, message } = error;
    return code === 'permission-denied' ? { status: 403, reason: `${code}: ${message}` } : refusalBy(error);
  }
}
