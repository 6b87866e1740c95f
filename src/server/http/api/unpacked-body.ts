/** The body of a request, unpacked: bounded by itself, and with those of all other requests. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EddyError } from '../../../errors.js';
import { bodyOf } from '../request-body.js';
import type { BodyRoom } from './body-room.js';

const unpack = promisify(gunzip);

/** @throws EddyError `message-too-large`, `input-invalid`, `overloaded` */
export async function unpackedBody(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  most: number,
  room: BodyRoom,
): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new EddyError('input-invalid', `the body is packed with ${encoding}; gzip is read`);
  const held = room.hold(response);
  const body = await bodyOf(request, most, (bytes) => held.take(bytes));
  if (encoding === 'identity') return body;
  const unpacked = await room.unpack(() => gunzipped(body, most));
  held.take(unpacked.length);
  return unpacked;
}

async function gunzipped(body: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    return await unpack(body, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new EddyError('message-too-large', `the body has over ${most} bytes when it is unpacked`);
    throw new EddyError('input-invalid', `the body cannot be unpacked: ${(error as Error).message}`);
  }
}
