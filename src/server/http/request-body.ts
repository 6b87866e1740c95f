/** Reads the body of a request, up to so many bytes. */
import type { IncomingMessage } from 'node:http';
import { EddyError } from '../../errors.js';

/** Room for a body whose length is not told. */
const FIRST_ROOM = 64 * 1024;

/**
 * Gives the whole body. Each chunk goes to its place as it comes, so that a body of hundreds of MiB holds nobody up when its
 * end is there.
 *
 * @param onBytes told how many more have come; what it throws ends the reading
 * @throws EddyError `message-too-large`; what is left of the body is not read
 */
export async function bodyOf(
  request: IncomingMessage,
  most: number,
  onBytes?: (count: number) => void,
): Promise<Uint8Array> {
  const tooLarge = () => new EddyError('message-too-large', `the body has over ${most} bytes`);
  const declared = Number(request.headers['content-length'] ?? Math.min(most, FIRST_ROOM));
  if (declared > most) throw tooLarge();
  let bytes = Buffer.allocUnsafeSlow(declared);
  let size = 0;
  // left early, the request is not destroyed, so that it can be answered
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const end = size + chunk.length;
    if (end > most) throw tooLarge();
    onBytes?.(chunk.length);
    if (end > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(end, 2 * bytes.length)));
      bytes.copy(larger, 0, 0, size);
      bytes = larger;
    }
    chunk.copy(bytes, size);
    size = end;
  }
  return bytes.subarray(0, size);
}
