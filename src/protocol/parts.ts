/**
 * The largest message that a server sends, and how a larger one is sent: its encoded bytes, or its text, as the data of
 * several messages `part`, one right after another.
 */
import { EddyError } from '../errors.js';
import type { ServerMessageOf } from './messages.js';

/** The most bytes of one message of a server. */
export const MAX_SERVER_MESSAGE = 1024 * 1024;
/** What a part has besides its data, at most. */
const HEAD = 256;
/** A character of JSON inside of JSON takes at most three bytes. */
const BYTES_OF_CHARACTER = 3;
/** The most parts of one message: 256 MiB. */
const MOST_PARTS = 256 * BYTES_OF_CHARACTER;

export type Part = ServerMessageOf<'part'>;

/** Gives the parts of an encoded message that is too large to be sent whole, or null for one that is not. */
export function partsOf(encoded: Uint8Array | string): Part[] | null {
  if (fits(encoded)) return null;
  const room = MAX_SERVER_MESSAGE - HEAD;
  const size = typeof encoded === 'string' ? Math.floor(room / BYTES_OF_CHARACTER) : room;
  const parts = Math.ceil(encoded.length / size);
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [part * size, (part + 1) * size];
    const data = typeof encoded === 'string' ? encoded.slice(from, to) : encoded.subarray(from, to);
    return { type: 'part', part, parts, data };
  });
}

function fits(encoded: Uint8Array | string): boolean {
  if (typeof encoded !== 'string') return encoded.length <= MAX_SERVER_MESSAGE;
  if (encoded.length * BYTES_OF_CHARACTER <= MAX_SERVER_MESSAGE) return true;
  return (
    encoded.length <= MAX_SERVER_MESSAGE && new TextEncoder().encode(encoded).length <= MAX_SERVER_MESSAGE
  );
}

/** Puts parts together as they arrive. */
export class PartsReader {
  private readonly gathered: (Uint8Array | string)[] = [];

  /**
   * Takes a part; gives the encoded message with its last one, and null before.
   *
   * @throws EddyError `message-invalid` for a part out of order, and forgets what came before it
   */
  take({ part, parts, data }: Part): Uint8Array | string | null {
    const { gathered } = this;
    const isNext = part === gathered.length && part < parts && parts <= MOST_PARTS;
    if (!isNext || (part > 0 && typeof data !== typeof gathered[0])) {
      this.forget();
      throw new EddyError('message-invalid', 'part: it does not follow the one before');
    }
    gathered.push(data);
    if (gathered.length < parts) return null;
    const whole = join(gathered);
    this.forget();
    return whole;
  }

  /** Another message came, or the connection is a new one: what is not complete never will be. */
  forget(): void {
    this.gathered.length = 0;
  }
}

function join(pieces: readonly (Uint8Array | string)[]): Uint8Array | string {
  if (typeof pieces[0] === 'string') return pieces.join('');
  const whole = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const piece of pieces as readonly Uint8Array[]) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
