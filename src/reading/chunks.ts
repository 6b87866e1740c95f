/** Bytes in chunks, as files, sockets and pages give them; unpacked if they are gz. */
import { EddyError } from '../errors.js';

export type Chunk = Uint8Array | string;
export type Chunks = AsyncIterable<Chunk> | ReadableStream<Uint8Array>;

/** Goes through a stream of the web, in browsers too whose streams cannot be iterated. */
export async function* iterate(chunks: Chunks): AsyncGenerator<Chunk> {
  if (!('getReader' in chunks)) return yield* chunks;
  const reader = chunks.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Passes chunks on, unpacked if their first bytes are those of gz. @throws EddyError `input-invalid` if they are damaged */
export async function* unpacked(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    let head: Chunk = new Uint8Array(0);
    while (head.length < 2) {
      const { done, value } = await iterator.next();
      if (done) break;
      head =
        typeof value === 'string' || head.length === 0
          ? value
          : Uint8Array.of(...(head as Uint8Array), ...value);
    }
    const rest = { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
    if (typeof head !== 'string' && head[0] === 0x1f && head[1] === 0x8b) yield* gunzip(head, rest);
    else {
      yield head;
      yield* rest;
    }
  } finally {
    await iterator.return?.();
  }
}

async function* gunzip(head: Uint8Array, rest: AsyncIterable<Chunk>): AsyncGenerator<Uint8Array> {
  const packed = new DecompressionStream('gzip');
  const writer = packed.writable.getWriter();
  const fed = (async () => {
    await writer.write(new Uint8Array(head));
    for await (const chunk of rest)
      await writer.write(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : new Uint8Array(chunk));
    await writer.close();
  })();
  // whoever reads is told the same
  fed.catch(() => undefined);
  try {
    yield* iterate(packed.readable) as AsyncGenerator<Uint8Array>;
    await fed;
  } catch (error) {
    throw new EddyError(
      'input-invalid',
      `the gz file is damaged or cut off: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}
