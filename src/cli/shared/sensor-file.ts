/** Opens a sensor file, or standard input, for the reader. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { namedFormat, openReading, type Reading, type ReadingOptions } from '../../reading/index.js';

export interface SensorFile extends Reading {
  /** Gives which share of the file has been read, or null if unknown. */
  readonly share: () => number | null;
  /** Lets the file go, at once. */
  readonly close: () => void;
}

/**
 * Opens a file, or standard input for `-`.
 *
 * @param isLive must a row of standard input be given at once, and not only when the head is known?
 * @throws EddyError `input-invalid` if it cannot be read; on reading, at a bad row
 */
export async function openSensorFile(
  file: string,
  options: ReadingOptions,
  { isLive = false }: { isLive?: boolean } = {},
): Promise<SensorFile> {
  const isInput = file === '-';
  const size = isInput ? null : (await stat(file)).size;
  const stream = isInput ? process.stdin : createReadStream(file);
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  const format = options.format ?? namedFormat(file);
  try {
    const reading = await openReading(counted(), { ...options, format }, { isLive: isLive && isInput });
    return { ...reading, share: () => size && bytes / size, close: () => stream.destroy() };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
