import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BodyRoom } from '../../../src/server/http/api/body-room.js';

const response = () => Object.assign(new EventEmitter(), { closed: false });

describe('the room for bodies', () => {
  it('[HTT16] is shared by all requests, and given back when one is over', () => {
    const room = new BodyRoom(100);
    const [one, other] = [response(), response()];
    room.hold(one).take(60);
    const held = room.hold(other);
    held.take(40);
    expect(() => held.take(1)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    one.emit('close');
    held.take(60);
    expect(room.size).toBe(100);
    other.emit('close');
    held.take(5);
    expect(room.size).toBe(0);
  });

  it('[HTT16] unpacks a few bodies at once, and the others after them, also where one fails', async () => {
    const room = new BodyRoom(100);
    const ends: (() => void)[] = [];
    let began = 0;
    const work = () => {
      began++;
      return new Promise<void>((resolve, reject) =>
        ends.push(began === 1 ? () => reject(new Error('bad')) : resolve),
      );
    };
    const all = Promise.allSettled(Array.from({ length: 7 }, () => room.unpack(work)));
    expect(began).toBe(4);
    while (ends.length > 0) {
      ends.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await all).map(({ status }) => status)).toEqual(['rejected', ...Array(6).fill('fulfilled')]);
    expect(began).toBe(7);
  });
});
