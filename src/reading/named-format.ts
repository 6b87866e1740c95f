import type { Format } from './reading.js';

/** Gives the format that a file's name tells, packed or not; nothing if its content has to tell. */
export const namedFormat = (file: string): Format | undefined =>
  /\.(ndjson|jsonl)(\.gz)?$/i.test(file) ? 'ndjson' : undefined;
