import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Client, ConnectionState, Report } from '../../client/sdk/index.js';
import { failureOf } from '../../src/cli/shared/failure-words.js';
import { overseen } from '../../src/cli/shared/server-connection.js';
import { EddyError } from '../../src/errors.js';
import { file, run, serve } from '../support/cli.js';
import { createClock, settled } from '../support/clock.js';

const URL = 'ws://host:4000';
const lost = (why: string) =>
  new EddyError('connection-lost', `the connection broke: close code 1006, ${why}`);

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers every upgrade with a status. */
async function answering(status: string): Promise<string> {
  const server = createServer();
  server.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A connection whose states the test gives. */
function live(wait: number) {
  const clock = createClock();
  const state$ = new Subject<ConnectionState>();
  const errors$ = new Subject<Report>();
  const said: string[] = [];
  const { failed, opened, hasLost } = overseen(
    { state$, errors$ } as unknown as Client,
    { url: URL, wait },
    {
      tell: (text) => said.push(text),
      scheduler: clock.scheduler,
    },
  );
  let outcome = 'none';
  opened.then(
    () => {
      outcome = 'open';
    },
    () => undefined,
  );
  failed.catch(({ code, message }) => {
    outcome = `${code}: ${message}`;
  });
  const outcomeNow = async () => {
    await settled();
    return outcome;
  };
  const fails = (why: string) => state$.next({ status: 'waiting', reason: lost(why), delay: 100 });
  return { ...clock, state$, errors$, said, fails, outcomeNow, hasLost };
}

const OPEN = { status: 'open', server: 'eddy', limits: {} } as unknown as ConnectionState;

describe('the connection of a command', () => {
  it('[CLI17] is tried again where that helps, for a while, and each failure is said once', async () => {
    const { run, said, fails, outcomeNow } = live(10);
    fails('connect ECONNREFUSED 1.2.3.4:4000');
    fails('connect ECONNREFUSED 1.2.3.4:4000');
    fails('HTTP 503 Service Unavailable');
    expect(said).toEqual([
      'nothing listens at host:4000; eddy serve starts a server, --url names another; trying again for 10 s',
      `${URL} is full, overloaded or shutting down (HTTP 503); trying again for 10 s`,
    ]);
    expect(await outcomeNow()).toBe('none');
    run(10_000);
    expect(await outcomeNow()).toBe(
      `connection-lost: ${URL} is full, overloaded or shutting down (HTTP 503)`,
    );
  });

  it('[CLI17] goes on for ever once it stood, and says when it stands again', async () => {
    const { run, said, fails, state$, outcomeNow } = live(10);
    state$.next(OPEN);
    run(60_000);
    fails('connect ECONNREFUSED 1.2.3.4:4000');
    fails('HTTP 404 Not Found');
    run(60_000);
    state$.next(OPEN);
    expect([await outcomeNow(), said]).toEqual([
      'open',
      [
        'nothing listens at host:4000; eddy serve starts a server, --url names another; trying again',
        expect.stringContaining('(HTTP 404)'),
        `connected to ${URL}`,
      ],
    ]);
  });

  it('[CLI24] tells of steps that the server had acked and lost', () => {
    const { errors$, said, hasLost } = live(10);
    expect(hasLost()).toBe(false);
    const error = new EddyError('history-lost', 'the server has steps only up to 3');
    errors$.next({ error, sequence: 's', seq: 3 });
    expect([hasLost(), said]).toEqual([true, ['s: history-lost: the server has steps only up to 3']]);
  });

  it('[CLI17] is given up at once where nothing changes by trying again', async () => {
    for (const [why, words] of [
      ['HTTP 404 Not Found', 'has no stream of Eddy (HTTP 404)'],
      ['HTTP 403 Forbidden', 'forbids the connection'],
      ['HTTP 400 Bad Request', 'does not speak this version of the protocol'],
      ['HTTP 200 OK', 'is no Eddy server'],
      ['getaddrinfo ENOTFOUND host', 'there is no host of the name host'],
      ['self-signed certificate', 'is not trusted: self-signed certificate; NODE_EXTRA_CA_CERTS'],
      ['write EPROTO 1:error:wrong version number', 'does not speak TLS'],
    ] as const) {
      const { fails, said, outcomeNow } = live(10);
      fails(why);
      expect([await outcomeNow(), said]).toEqual([expect.stringContaining(words), []]);
    }
    for (const why of [
      'EAI_AGAIN',
      'connect ETIMEDOUT',
      'HTTP 502 Bad Gateway',
      'socket hang up',
      'no welcome within 1 ms',
      'unheard of',
    ])
      expect(failureOf(lost(why), URL)).toMatchObject({
        isFinal: false,
        text: expect.stringMatching(/\w{5}/),
      });
  });

  it('[CLI17] ends commands with 1 and the reason, in words', async () => {
    const csv = file('a.csv', 'a\n1\n');
    const nowhere = await serve();
    await nowhere.stop();
    const cases = [
      [nowhere.url, ['--wait', '1'], 'connection-lost: nothing listens at 127.0.0.1:'],
      [nowhere.url.replace('127.0.0.1', 'localhost'), ['--wait', '0'], 'nothing listens at localhost:'],
      [await answering('404 Not Found'), [], 'HTTP 404'],
      [await answering('401 Unauthorized'), [], 'unauthorized: '],
      [await answering('503 Service Unavailable'), ['--wait', '1'], 'full, overloaded or shutting down'],
    ] as const;
    for (const [url, args, words] of cases)
      for (const command of [
        ['push', csv, '--sequence', 's'],
        ['watch', 's'],
        ['sequences', 'ls'],
      ]) {
        const { code, stdout, stderr } = await run([...command, '--url', url, ...args]);
        expect([command[0], code, stdout, stderr]).toEqual([
          command[0],
          1,
          '',
          expect.stringContaining(words),
        ]);
      }
  });
});
