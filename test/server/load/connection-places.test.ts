/** Who gets a place, and who gives one up. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionPlaces, type Place, type Standing } from '../../../src/server/load/connection-places.js';

function places(most: number, mostPerAddress: number) {
  const held = new ConnectionPlaces({ most, mostPerAddress });
  const ended: string[] = [];
  const streams = new Map<string, PassThrough>();
  /** Comes under a name from an address, as who says nothing or something. */
  const come = (name: string, address: string | null, standing: Standing = 'silent') => {
    const full = held.full(address);
    if (full !== null) return full;
    const stream = new PassThrough();
    streams.set(name, stream);
    const place = held.enter(address, stream, () => ended.push(name));
    held.settle(place, standing);
    return place;
  };
  return { held, ended, streams, come };
}

describe('the places of connections', () => {
  it('[SRV5] are given up by the oldest that has said nothing, in favour of the next of its address', () => {
    const { ended, come } = places(100, 3);
    for (const name of ['a', 'b', 'c']) come(name, '1.1.1.1');
    come('other', '2.2.2.2');
    come('d', '1.1.1.1');
    come('e', '1.1.1.1');
    expect(ended).toEqual(['a', 'b']);
  });

  it('[SRV5] are given up in silence first, then by who is idle for longest, and never by who is busy', () => {
    const { held, ended, come } = places(100, 3);
    const [a, b] = [come('a', '1.1.1.1', 'busy') as Place, come('b', '1.1.1.1', 'idle') as Place];
    come('c', '1.1.1.1');
    held.settle(a, 'idle');
    come('d', '1.1.1.1', 'busy');
    expect(ended).toEqual(['c']);
    come('e', '1.1.1.1', 'busy');
    expect(ended).toEqual(['c', 'b']);
    held.settle(a, 'busy');
    expect(come('f', '1.1.1.1')).toBe('address');
    expect(come('g', '2.2.2.2')).toMatchObject({ address: '2.2.2.2' });
    held.settle(b, 'busy');
    expect([ended, held.size]).toEqual([['c', 'b'], 4]);
  });

  it('[SRV5] are given up by anybody’s silence where all are taken', () => {
    const { ended, come, streams } = places(2, 2);
    come('a', '1.1.1.1', 'busy');
    come('b', '2.2.2.2');
    come('c', '3.3.3.3', 'busy');
    expect([ended, come('d', '4.4.4.4')]).toEqual([['b'], 'all']);
    streams.get('a')?.emit('close');
    expect(come('d', '4.4.4.4')).toMatchObject({ address: '4.4.4.4' });
  });

  it('[SRV5] of one IPv6 network are those of one address, and those of a proxy are nobody’s', () => {
    const { come } = places(5, 1);
    come('a', '2001:db8::1', 'busy');
    expect(come('b', '2001:db8::2')).toBe('address');
    for (const name of ['c', 'd', 'e', 'f']) come(name, null, 'busy');
    expect(come('g', null)).toBe('all');
  });

  it('[SRV5] are never more than there are, and one honest address gets in, whatever the others do', () => {
    const moves = fc.array(
      fc.tuple(
        fc.constantFrom('1', '2', '3'),
        fc.constantFrom<Standing>('silent', 'idle', 'busy'),
        fc.nat(9),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(moves, (list) => {
        const { held, come, ended } = places(7, 3);
        const alive = new Map<string, { address: string; place: Place }>();
        for (const [i, [address, standing, pick]] of list.entries()) {
          const place = come(String(i), address, standing);
          if (typeof place === 'object') alive.set(String(i), { address, place });
          for (const name of ended) alive.delete(name);
          const one = [...alive.values()][pick % Math.max(1, alive.size)];
          if (one) held.settle(one.place, standing);
          expect(held.size).toBe(alive.size);
          expect(held.size).toBeLessThanOrEqual(7);
          for (const key of ['1', '2', '3'])
            expect([...alive.values()].filter(({ address }) => address === key).length).toBeLessThanOrEqual(
              3,
            );
          const busy = [...alive.values()].filter(({ place }) => place.standing === 'busy');
          if (busy.length < 7) expect(held.full('honest')).toBe(null);
        }
      }),
      { seed: 15, numRuns: 300 },
    );
  });
});
