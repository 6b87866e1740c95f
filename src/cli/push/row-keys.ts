/**
 * Keys of appended rows, so that the same command, started again, doubles nothing: each is made of the file's path, the
 * line and the time. Standard input has no such identity, and its rows have keys of the client's.
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { SensorRow } from '../../reading/index.js';

export type RowKey = (row: Pick<SensorRow, 'line' | 't'>) => string | undefined;

/** Characters of a path's hash: 96 bits. */
const LENGTH = 16;

export function rowKeys(file: string): RowKey {
  if (file === '-') return () => undefined;
  const place = createHash('sha256').update(resolve(file)).digest('base64url').slice(0, LENGTH);
  return ({ line, t }) => `${place}:${line}:${t ?? ''}`;
}
