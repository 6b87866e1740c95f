import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { EddyError } from '../../../errors.js';
import { bodyOf } from '../request-body.js';

const unpack = promisify(gunzip);

/** Gives the body of a request, unpacked. @throws EddyError `message-too-large`, `input-invalid` */
export async function unpackedBody(request: IncomingMessage, most: number): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new EddyError('input-invalid', `the body is packed with ${encoding}; gzip is read`);
  const body = await bodyOf(request, most);
  if (encoding === 'identity') return body;
  try {
    return await unpack(body, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new EddyError('message-too-large', `the body has over ${most} bytes when it is unpacked`);
    throw new EddyError('input-invalid', `the body cannot be unpacked: ${(error as Error).message}`);
  }
}
