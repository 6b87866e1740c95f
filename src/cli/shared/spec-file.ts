import { readFile } from 'node:fs/promises';
import { EddyError } from '../../errors.js';

/** Reads a model spec, whose fields are checked by whoever makes the model. @throws EddyError `spec-invalid` */
export async function readSpec(file: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    throw new EddyError('spec-invalid', 'not a JSON object');
  } catch (error) {
    throw new EddyError('spec-invalid', `${file}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
