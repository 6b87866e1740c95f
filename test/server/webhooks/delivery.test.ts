import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { AddressGuard } from '../../../src/server/webhooks/address-guard.js';
import { Delivery, type Outcome, type QueueLimits } from '../../../src/server/webhooks/delivery.js';
import type { Answer } from '../../../src/server/webhooks/post.js';
import { fixture } from '../../support/access.js';
import { startReceiver } from '../../support/receiver.js';
import { virtualClock } from '../../support/virtual-clock.js';

const DAY = 24 * 3_600_000;

/** A delivery whose time the test moves. */
function deliveryTo(
  url: string,
  options: {
    limits?: Partial<QueueLimits>;
    secrets?: Buffer[];
    guard?: AddressGuard;
    timeoutMs?: number;
  } = {},
) {
  const scheduler = new VirtualTimeScheduler();
  const clock = virtualClock(scheduler);
  const told: { outcome: Outcome; id: string; answer: Answer | null; retryMs: number | null }[] = [];
  const wakers = new Set<() => void>();
  const { limits = {}, secrets = [], timeoutMs = 60_000 } = options;
  const guard = options.guard ?? new AddressGuard({ allow: [], allowPrivate: true });
  const delivery = new Delivery({
    url: new URL(url),
    post: { guard, clock, secrets: () => secrets, timeoutMs },
    limits: { notices: 100, bytes: 1e6, ageMs: 3 * DAY, ...limits },
    clock,
    random: () => 0,
    onOutcome: (outcome, { id }, answer, retryMs) => {
      told.push({ outcome, id, answer, retryMs });
      for (const wake of wakers) wake();
    },
  });
  /** Resolves when so many outcomes were told. */
  const outcomes = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (told.length < count) return;
        wakers.delete(look);
        resolve();
      };
      wakers.add(look);
      look();
    });
  const add = (...ids: string[]) => {
    for (const id of ids) delivery.add({ id, body: JSON.stringify({ id }), at: clock.wall() });
  };
  const pass = (ms: number) => {
    scheduler.schedule(() => undefined, ms);
    scheduler.maxFrames = scheduler.frame + ms;
    scheduler.flush();
  };
  return { delivery, told, outcomes, add, pass, scheduler };
}

describe('the delivery of webhooks', () => {
  it('[HOK3] [HOK4] notices come in order, one at a time, as CloudEvents in JSON signed by each secret', async () => {
    const receiver = await startReceiver();
    const secrets = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const { add, outcomes, told } = deliveryTo(receiver.url, { secrets });
    add('a', 'b', 'c');
    await outcomes(3);
    expect(told.map(({ outcome, id }) => [outcome, id])).toEqual([
      ['delivered', 'a'],
      ['delivered', 'b'],
      ['delivered', 'c'],
    ]);
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = secrets.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(headers['webhook-signature']).toBe(expected.join(' '));
  });

  it('[HOK5] a notice that is not taken holds the later ones, waits longer each time, and keeps its id', async () => {
    const receiver = await startReceiver((n) => ({ status: n < 4 ? 503 : 200 }));
    const { add, outcomes, told, pass } = deliveryTo(receiver.url);
    add('a', 'b');
    for (let n = 1; n <= 4; n++) {
      await outcomes(n);
      expect(told.at(-1)).toMatchObject({ outcome: 'failed', id: 'a', retryMs: 1000 * 2 ** (n - 1) });
      pass(1000 * 2 ** (n - 1) - 1);
      expect(receiver.received).toHaveLength(n);
      pass(1);
    }
    await outcomes(6);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      'a',
      'a',
      'a',
      'a',
      'a',
      'b',
    ]);
  });

  it('[HOK5] Retry-After is waited for, in seconds or as a date', async () => {
    const date = new Date(500_000).toUTCString();
    const receiver = await startReceiver((n) => ({
      status: n < 2 ? 429 : 200,
      headers: { 'retry-after': n === 0 ? '120' : date },
    }));
    const { add, outcomes, told, pass } = deliveryTo(receiver.url);
    add('a');
    await outcomes(1);
    expect(told[0]!.retryMs).toBe(120_000);
    pass(120_000);
    await outcomes(2);
    expect(told[1]!.retryMs).toBe(380_000);
    pass(380_000);
    await outcomes(3);
    expect(told[2]!.outcome).toBe('delivered');
  });

  it('[HOK5] a receiver that is down, or does not answer, is tried again', async () => {
    const receiver = await startReceiver();
    await receiver.close();
    const { add, outcomes, told, pass } = deliveryTo(receiver.url);
    add('a');
    await outcomes(1);
    expect(told[0]).toMatchObject({ outcome: 'failed', answer: { status: null } });
    const back = await startReceiver(undefined, receiver.port);
    pass(1000);
    await outcomes(2);
    expect(back.received.map(({ headers }) => headers['webhook-id'])).toEqual(['a']);
  });

  it('[HOK5] a redirect is not followed', async () => {
    const other = await startReceiver();
    const receiver = await startReceiver(() => ({ status: 302, headers: { location: other.url } }));
    const { add, outcomes, told } = deliveryTo(receiver.url);
    add('a');
    await outcomes(1);
    expect(told[0]).toMatchObject({ outcome: 'failed', answer: { status: 302 } });
    expect(other.received).toEqual([]);
  });

  it('[HOK6] 410 turns a receiver off until it is woken', async () => {
    const receiver = await startReceiver((n) => ({ status: n === 0 ? 410 : 200 }));
    const { add, outcomes, told, delivery } = deliveryTo(receiver.url);
    add('a', 'b');
    await outcomes(2);
    add('c');
    expect(told.map(({ outcome, id }) => [outcome, id])).toEqual([
      ['gone', 'a'],
      ['gone', 'b'],
      ['gone', 'c'],
    ]);
    delivery.wake();
    add('d');
    await outcomes(4);
    expect(told[3]).toMatchObject({ outcome: 'delivered', id: 'd' });
    expect(receiver.received).toHaveLength(2);
  });

  it('[HOK6] what is too old, too much, or not understood five times is given up, and the rest goes on', async () => {
    const receiver = await startReceiver((n) => ({
      status: n < 5 ? 400 : n < 6 ? 500 : 200,
      ...(n === 5 && { headers: { 'retry-after': '86400' } }),
    }));
    const { add, outcomes, told, pass } = deliveryTo(receiver.url, {
      limits: { notices: 3, ageMs: DAY / 2 },
    });
    add('a', 'b', 'c', 'd');
    // the first one is on its way, so the next makes room
    expect(told).toMatchObject([{ outcome: 'too-many', id: 'b' }]);
    for (let n = 1; n <= 4; n++) {
      await outcomes(1 + n);
      pass(1000 * 2 ** (n - 1));
    }
    await outcomes(7);
    expect(told[5]).toMatchObject({ outcome: 'refused', id: 'a' });
    expect(told[6]).toMatchObject({ outcome: 'failed', id: 'c' });
    pass(DAY);
    add('e');
    await outcomes(10);
    expect(told.slice(7).map(({ outcome, id }) => [outcome, id])).toEqual([
      ['too-old', 'c'],
      ['too-old', 'd'],
      ['delivered', 'e'],
    ]);
  });

  it('[HOK7] an address that is not public is refused before anything is sent, by number and by name', async () => {
    const receiver = await startReceiver();
    const closed = { allow: [], allowPrivate: false };
    const to = (addresses: string[]) => (_: string, done: (error: null, found: LookupAddress[]) => void) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    const cases = [
      [receiver.url, new AddressGuard(closed)],
      ['http://169.254.169.254/latest/meta-data', new AddressGuard(closed)],
      [`http://[::ffff:127.0.0.1]:${receiver.port}/`, new AddressGuard(closed)],
      [
        `http://inside.example:${receiver.port}/`,
        new AddressGuard({ ...closed, resolve: to(['127.0.0.1']) }),
      ],
      // one public address among others is no excuse
      [
        `http://both.example:${receiver.port}/`,
        new AddressGuard({ ...closed, resolve: to(['1.1.1.1', '127.0.0.1']) }),
      ],
      [
        `http://six.example:${receiver.port}/`,
        new AddressGuard({ ...closed, resolve: to(['::ffff:7f00:1']) }),
      ],
    ] as const;
    for (const [url, guard] of cases) {
      const { add, outcomes, told } = deliveryTo(url, { guard });
      add('a');
      await outcomes(1);
      expect(told[0], url).toMatchObject({
        outcome: 'failed',
        answer: { error: { code: 'webhook-refused' } },
      });
    }
    expect(receiver.received).toEqual([]);
  });

  it('[HOK7] each connection looks the name up anew and is judged by what it then gets', async () => {
    const receiver = await startReceiver(() => ({ status: 500 }));
    const answers = ['127.0.0.1', '169.254.169.254'];
    const guard = new AddressGuard({
      allow: ['127.0.0.1'],
      allowPrivate: false,
      resolve: (_, done) => done(null, [{ address: answers.shift()!, family: 4 }]),
    });
    const { add, outcomes, told, pass } = deliveryTo(`http://turns.example:${receiver.port}/`, { guard });
    add('a');
    await outcomes(1);
    expect(told[0]).toMatchObject({ answer: { status: 500 } });
    pass(1000);
    await outcomes(2);
    expect(told[1]).toMatchObject({ answer: { error: { code: 'webhook-refused' } } });
    expect(receiver.received).toHaveLength(1);
  });

  it('[HOK13] nothing is sent to a receiver whose certificate is not trusted', async () => {
    const { createServer } = await import('node:https');
    let requests = 0;
    const pair = { cert: readFileSync(fixture('one.crt')), key: readFileSync(fixture('one.key')) };
    const server = createServer(pair, (_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const { add, outcomes, told } = deliveryTo(`https://127.0.0.1:${port}/`);
    add('a');
    await outcomes(1);
    vi.unstubAllEnvs();
    expect(told[0]).toMatchObject({
      outcome: 'failed',
      answer: { error: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
    });
    expect(requests).toBe(0);
    server.close();
  });

  it('[HOK5] an answer that does not come in time is given up', async () => {
    const { createServer } = await import('node:net');
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    const { add, outcomes, told, pass } = deliveryTo(`http://127.0.0.1:${port}/`, { timeoutMs: 500 });
    add('a');
    pass(500);
    await outcomes(1);
    expect(told[0]).toMatchObject({ outcome: 'failed', answer: { error: { code: 'webhook-failed' } } });
    mute.close();
  });
});
