import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectionWords } from '../../client/dashboard/shell/connection-words.js';
import { parseRoute, sequencePath, tryPath } from '../../client/dashboard/shell/page-address.js';
import { Session, wantsToken } from '../../client/dashboard/shell/session.js';
import { ThemeChoice } from '../../client/dashboard/shell/theme.js';
import type { Client, ConnectionState } from '../../client/sdk/index.js';
import { EddyError } from '../../src/errors.js';

const memory = (entries: Record<string, string> = {}) => {
  const map = new Map(Object.entries(entries));
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  };
};

describe('an address', () => {
  it('stands for a page', () => {
    expect(['', '#', '#/'].map(parseRoute)).toEqual(Array(3).fill({ page: 'fleet' }));
    expect(parseRoute('#/try')).toEqual({ page: 'try', query: '' });
    expect(parseRoute('#/try?v=1&units=8')).toEqual({ page: 'try', query: 'v=1&units=8' });
    expect(parseRoute(tryPath('v=1'))).toEqual({ page: 'try', query: 'v=1' });
    expect(parseRoute('#/nowhere')).toEqual({ page: 'unknown', path: '/nowhere' });
    expect(parseRoute('#/s/')).toEqual({ page: 'unknown', path: '/s/' });
    expect(parseRoute('#/s/%E0%A4%A')).toEqual({ page: 'unknown', path: '/s/%E0%A4%A' });
  });

  it('holds every name that a sequence may have', () => {
    for (const name of ['room-1', 'a/b:c.d_e', 'A?b#c%20d'])
      expect(parseRoute(sequencePath(name))).toEqual({ page: 'sequence', name });
  });
});

describe('the theme', () => {
  const query = (matches: boolean) => {
    const changes = new Subject<Event>();
    const listeners = new Map<unknown, { unsubscribe(): void }>();
    return {
      matches,
      changes,
      addEventListener: (_type: string, listener: never) =>
        void listeners.set(listener, changes.subscribe(listener)),
      removeEventListener: (_type: string, listener: unknown) => listeners.get(listener)?.unsubscribe(),
    };
  };
  const start = (prefersDark: boolean, kept: Record<string, string> = {}) => {
    const media = query(prefersDark);
    const storage = memory(kept);
    const themes = new ThemeChoice({ prefersDark: media, storage });
    const seen: string[] = [];
    themes.theme$.subscribe((theme) => seen.push(theme));
    return { media, storage, themes, seen };
  };

  it('is that of the system, and follows it', () => {
    const { media, seen, storage } = start(false);
    media.matches = true;
    media.changes.next({} as Event);
    expect(seen).toEqual(['light', 'dark']);
    expect(storage.map.size).toBe(0);
  });

  it('is what was chosen, and that is remembered', () => {
    const { themes, seen, storage, media } = start(false);
    themes.toggle();
    media.matches = true;
    media.changes.next({} as Event);
    media.matches = false;
    expect(seen).toEqual(['light', 'dark']);
    expect(start(false, Object.fromEntries(storage.map)).themes.theme).toBe('dark');
  });

  it('follows the system again once it is chosen as the system has it', () => {
    const { themes, storage } = start(false, { 'eddy.theme': 'dark' });
    expect(themes.theme).toBe('dark');
    themes.toggle();
    expect([themes.theme, storage.map.size]).toEqual(['light', 0]);
  });
});

describe('the session', () => {
  const start = (kept: Record<string, string> = {}) => {
    const made: { token: string | undefined; state$: Subject<ConnectionState>; isClosed: boolean }[] = [];
    const storage = memory(kept);
    const session = new Session({
      url: 'http://127.0.0.1:4000',
      storage,
      connect: (_url, { token }) => {
        const entry = { token, state$: new Subject<ConnectionState>(), isClosed: false };
        made.push(entry);
        return {
          state$: entry.state$,
          close: () => {
            entry.isClosed = true;
          },
        } as unknown as Client;
      },
    });
    const seen: string[] = [];
    session.state$.subscribe(({ status }) => seen.push(status));
    return { made, storage, session, seen };
  };

  it('[DSH15] connects with the token of the tab, and without one at first', () => {
    expect(start().made[0]!.token).toBe(undefined);
    expect(start({ 'eddy.token': 'abc' }).made[0]!.token).toBe('abc');
  });

  it('[DSH15] takes a token for the tab, and connects anew with it', () => {
    const { made, storage, session, seen } = start();
    made[0]!.state$.next({ status: 'connecting' });
    session.useToken('abc');
    made[0]!.state$.next({ status: 'waiting', reason: new EddyError('client-closed', ''), delay: 1 });
    made[1]!.state$.next({ status: 'connecting' });
    expect(made.map(({ token, isClosed }) => [token, isClosed])).toEqual([
      [undefined, true],
      ['abc', false],
    ]);
    expect(seen).toEqual(['connecting', 'connecting']);
    expect(storage.map.get('eddy.token')).toBe('abc');
  });

  it('[DSH15] knows a refusal that a token may mend', () => {
    const refusal = (code: string) => wantsToken({ code } as never);
    expect(['token-invalid', 'token-missing', 'unauthorized', 'auth-required'].map(refusal)).toEqual(
      Array(4).fill(true),
    );
    expect(['server-shutdown', 'hello-timeout'].map(refusal)).toEqual([false, false]);
  });
});

describe('the words for a connection', () => {
  const reason = new EddyError('connection-lost', 'the network is gone');
  it('say where it stands, and count down to the next try', () => {
    expect(connectionWords({ status: 'connecting' }, 0).label).toBe('connecting');
    expect(connectionWords({ status: 'open', server: 'eddy/1', limits: {} as never }, 0)).toEqual({
      tone: 'good',
      label: 'connected',
      detail: 'eddy/1',
    });
    const waiting = { status: 'waiting', reason, delay: 3500 } as const;
    expect([0, 600, 3400, 9000].map((ms) => connectionWords(waiting, ms).label)).toEqual([
      'retrying in 4 s',
      'retrying in 3 s',
      'retrying in 1 s',
      'retrying in 0 s',
    ]);
    expect(connectionWords({ status: 'closed', reason }, 0)).toEqual({
      tone: 'bad',
      label: 'closed',
      detail: 'the network is gone (connection-lost)',
    });
  });
});
