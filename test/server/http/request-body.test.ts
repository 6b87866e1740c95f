import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../../src/server/http/request-body.js';

const request = (chunks: readonly Uint8Array[], headers: Record<string, string> = {}) =>
  Object.assign(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), {
    headers,
  }) as unknown as IncomingMessage;
const chunk = (length: number, value: number) => new Uint8Array(length).fill(value);

describe('the body of a request', () => {
  const chunks = [chunk(70_000, 1), chunk(1, 2), chunk(200_000, 3)];
  const whole = Buffer.concat(chunks);

  it('is whole with a length that is told, and without one', async () => {
    expect(Buffer.compare(await bodyOf(request(chunks, { 'content-length': '270001' }), 1e6), whole)).toBe(0);
    expect(Buffer.compare(await bodyOf(request(chunks), 1e6), whole)).toBe(0);
    expect(Buffer.compare(await bodyOf(request(chunks), 270_001), whole)).toBe(0);
    expect(await bodyOf(request([]), 10)).toHaveLength(0);
  });

  it('is refused once it is too large, told or not, and the rest is left', async () => {
    const tooLarge = expect.objectContaining({ code: 'message-too-large' });
    await expect(bodyOf(request([], { 'content-length': '11' }), 10)).rejects.toEqual(tooLarge);
    const endless = request(chunks);
    await expect(bodyOf(endless, 70_000)).rejects.toEqual(tooLarge);
    expect(endless.destroyed).toBe(false);
  });
});
