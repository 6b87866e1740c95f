/** One attempt to deliver: a POST over a connection of its own, whose address is judged; redirects are answers like others. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { AddressGuard } from './address-guard.js';
import { CLOUD_EVENT_TYPE } from './cloud-event.js';
import { signatureOf } from './signature.js';

export interface Parcel {
  readonly id: string;
  /** The JSON of a CloudEvent. */
  readonly body: string;
}

/** What came of an attempt. */
export type Answer =
  | { readonly status: number; readonly retryAfter: string | null }
  | { readonly status: null; readonly error: Error };

export interface PostParts {
  readonly guard: AddressGuard;
  readonly clock: Pick<Clock, 'wall' | 'scheduler'>;
  readonly secrets: () => readonly Buffer[];
  readonly timeoutMs: number;
}

export interface Attempt {
  /** Never rejects. */
  readonly answer: Promise<Answer>;
  abort(): void;
}

/** Bytes of an answer that are read, so that its connection ends in order; the rest is cut off. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** Sends a notice. The id is that of all its attempts, the time and the signature are of this one. */
export function post(url: URL, { id, body }: Parcel, parts: PostParts): Attempt {
  const { guard, clock, secrets, timeoutMs } = parts;
  const stopper = new AbortController();
  let timer: Subscription | null = null;
  const answer = new Promise<Answer>((resolve) => {
    const fail = (error: Error) => resolve({ status: null, error });
    timer = clock.scheduler.schedule(() => {
      fail(new EddyError('webhook-failed', `no answer came within ${timeoutMs} ms`));
      stopper.abort();
    }, timeoutMs);
    try {
      guard.checkHost(url.hostname);
      const at = Math.floor(clock.wall() / 1000);
      const keys = secrets();
      const bytes = Buffer.from(body);
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = send(url, {
        method: 'POST',
        agent: false,
        // whatever the environment says
        rejectUnauthorized: true,
        lookup: guard.lookup,
        signal: stopper.signal,
        headers: {
          'content-type': CLOUD_EVENT_TYPE,
          'content-length': bytes.length,
          'user-agent': `eddy/${VERSION}`,
          'webhook-id': id,
          'webhook-timestamp': String(at),
          ...(keys.length > 0 && { 'webhook-signature': signatureOf(id, at, body, keys) }),
          ...(url.username !== '' && { authorization: basicOf(url) }),
        },
      });
      request.on('error', fail);
      request.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        const done = () => resolve({ status, retryAfter: headers['retry-after'] ?? null });
        let read = 0;
        response.on('data', (part: Buffer) => {
          read += part.length;
          if (read <= MOST_ANSWER_BYTES) return;
          done();
          response.destroy();
        });
        response.on('end', done);
        // what was said counts, however it ended
        response.on('error', done);
        response.on('close', done);
      });
      request.end(bytes);
    } catch (error) {
      fail(error as Error);
    }
  });
  return {
    answer: answer.finally(() => timer?.unsubscribe()),
    abort: () => stopper.abort(),
  };
}

const basicOf = ({ username, password }: URL) =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
