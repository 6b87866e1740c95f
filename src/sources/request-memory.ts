/** How much of the memory a request takes for what was read of it, nearly; and the most that one may take. */
import { EddyError } from '../errors.js';

/** Told how many more bytes are kept. @throws EddyError where they are too many */
export type OnKept = (bytes: number) => void;

/** What a reading takes, and each of its values. */
const [READING_BYTES, VALUE_BYTES] = [128, 16];
/** The most of one request: some 400,000 readings. */
const MOST_KEPT = 64 * 2 ** 20;
/** The most sequences of one request: agents send a few thousand readings at once. */
export const MOST_SEQUENCES = 10_000;

/** Counts the memory of one request. */
export class RequestMemory {
  private bytes = 0;
  private told = 0;

  constructor(private readonly onKept?: OnKept) {}

  /** Counts a reading of so many values. */
  addReading(values: number): void {
    this.bytes += READING_BYTES + VALUE_BYTES * values;
  }

  /** Counts values of a reading that is there. */
  addValues(values: number): void {
    this.bytes += VALUE_BYTES * values;
  }

  /** Tells of what was added. @throws EddyError `message-too-large`, and what `onKept` throws */
  tell(): void {
    if (this.bytes > MOST_KEPT)
      throw new EddyError(
        'message-too-large',
        `the body has more readings than fit into ${MOST_KEPT / 2 ** 20} MiB of memory; send it in several requests`,
      );
    this.onKept?.(this.bytes - this.told);
    this.told = this.bytes;
  }
}
