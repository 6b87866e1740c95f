import { describe, expect, it } from 'vitest';
import type { ConnectionState, connect } from '../../client/sdk/index.js';
import { connect as connectNode, type TokenSource } from '../../client/sdk/node.js';
import type { Role } from '../../src/server/auth/access.js';
import { newToken, tokenFile } from '../support/access.js';
import { RawClient, startServer } from '../support/server.js';
import { ScriptedPeer, turn } from './scripted-peer.js';

function watched(token: TokenSource) {
  const peer = new ScriptedPeer();
  const client = peer.connect({ token });
  const states: ConnectionState[] = [];
  client.state$.subscribe((state) => states.push(state));
  return { peer, client, states, last: () => states.at(-1) };
}

describe('the token of a client', () => {
  it('[ACC18] is said in hello where the WebSocket sends no headers', async () => {
    const { peer } = watched('eddy_abc');
    await peer.open();
    expect(peer.heardOf('hello')).toMatchObject([{ token: 'eddy_abc' }]);
  });

  it('[ACC18] may come of a function, which is asked for every connection', async () => {
    let count = 0;
    const { peer } = watched(async () => `token-${++count}`);
    expect(peer.sockets).toEqual([]);
    await turn();
    await peer.open();
    peer.break();
    peer.advance(10_000);
    await turn();
    await peer.open();
    expect(peer.heardOf('hello').map(({ token }) => token)).toEqual(['token-1', 'token-2']);
  });

  it('[ACC18] that is refused closes the client for good, with the reason', async () => {
    for (const token of ['eddy_abc', () => 'eddy_abc']) {
      const { peer, last } = watched(token);
      await turn();
      peer.accept();
      peer.say({ type: 'error', code: 'unauthorized', message: 'the token is unknown', temporary: false });
      peer.break(3502, 'unauthorized');
      expect(last()).toMatchObject({
        status: 'closed',
        reason: { code: 'unauthorized', message: 'the token is unknown' },
      });
      peer.advance(100_000);
      expect(peer.sockets).toHaveLength(1);
    }
  });

  it('[ACC18] that expires is renewed by a function, and else closes the client', async () => {
    const { peer, last } = watched(() => 'eddy_abc');
    await turn();
    await peer.open();
    peer.break(3503, 'token-expired');
    expect(last()).toMatchObject({ status: 'waiting', reason: { code: 'token-expired' } });
    const fixed = watched('eddy_abc');
    await fixed.peer.open();
    fixed.peer.break(3503, 'token-expired');
    expect(fixed.last()).toMatchObject({ status: 'closed', reason: { code: 'token-expired' } });
  });

  it('[ACC18] that a function cannot give now is asked for again, with back-off', async () => {
    let tries = 0;
    const { peer, last } = watched(async () => {
      if (++tries === 1) throw new Error('the issuer is away');
      return 'eddy_abc';
    });
    await turn();
    expect(last()).toMatchObject({
      status: 'waiting',
      reason: { code: 'connection-lost', message: expect.stringContaining('the issuer is away') },
    });
    peer.advance(10_000);
    await turn();
    await peer.open();
    expect(last()).toMatchObject({ status: 'open' });
  });

  it('[ACC18] that comes after its time, or after the client was closed, is not used', async () => {
    const gives: ((token: string) => void)[] = [];
    const { peer, client, last } = watched(() => new Promise<string>((resolve) => gives.push(resolve)));
    await turn();
    peer.advance(10_000);
    expect(last()).toMatchObject({ status: 'waiting' });
    peer.advance(10_000);
    await turn();
    gives[0]!('late');
    await turn();
    expect([gives.length, peer.sockets.length]).toEqual([2, 0]);
    client.close();
    gives[1]!('late too');
    await turn();
    expect(peer.sockets).toEqual([]);
  });

  it('[ACC18] is refused at once where it cannot be one, and not shown', () => {
    for (const token of ['', 'a b', 'a\r\nb', 'ä'])
      expect(() => watched(token)).toThrow(/^a token may contain letters, digits and - \. _ ~ \+ \/ only$/);
  });
});

describe('the token of a client, at a real server', () => {
  /** Gives the first state after connecting, and the sequence's name or the error of opening it. */
  async function tried(door: typeof connect, url: string, token: TokenSource | undefined) {
    const client = door(url, { ...(token !== undefined && { token }), backOff: { min: 1, max: 1 } });
    const state = await new Promise<ConnectionState>((resolve) =>
      client.state$.subscribe((state) => state.status !== 'connecting' && resolve(state)),
    );
    const opened = await client
      .open('room-1', { spec: { features: 1, units: 2 } })
      .opened.then(
        ({ sequence }) => sequence,
        ({ code }) => code,
      )
      .catch(({ code }) => code);
    client.close();
    return [state.status, opened];
  }

  it('[ACC18] goes with the upgrade in Node; a refused one is final', async () => {
    const [producer, reader] = (['produce', 'subscribe'] as Role[]).map((role) => newToken([role])) as [
      ReturnType<typeof newToken>,
      ReturnType<typeof newToken>,
    ];
    const { url } = await startServer({}, 0, { security: { tokens: tokenFile(producer, reader) } });
    expect(await tried(connectNode, url, producer.token)).toEqual(['open', 'room-1']);
    expect(await tried(connectNode, url, async () => producer.token)).toEqual(['open', 'room-1']);
    expect(await tried(connectNode, url, reader.token)).toEqual(['open', 'permission-denied']);
    for (const token of ['eddy_wrong', undefined]) {
      const client = connectNode(url, token === undefined ? {} : { token });
      const reason = await new Promise<unknown>((resolve) =>
        client.state$.subscribe((state) => state.status === 'closed' && resolve(state.reason)),
      );
      expect(reason).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('HTTP 401') });
    }
  });

  it('[ACC18] is not blamed for another answer than 401, which is told and tried again', async () => {
    const { url } = await startServer({ sockets: 1 });
    await RawClient.connect(url);
    const client = connectNode(url);
    const reason = await new Promise<unknown>((resolve) =>
      client.state$.subscribe((state) => state.status === 'waiting' && resolve(state.reason)),
    );
    expect(reason).toMatchObject({ code: 'connection-lost', message: expect.stringContaining('HTTP 503') });
    client.close();
  });
});
