/** The token of a command that connects: from EDDY_TOKEN or a file, never from the command line, which others can read. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ConnectOptions } from '../../../client/sdk/index.js';
import { EddyError } from '../../errors.js';

export const addTokenFile = (command: Command): Command =>
  command.option('--token-file <file>', 'file with the token to connect with (default: EDDY_TOKEN)');

/**
 * Gives the client's token. A file is read for every connection, so that its token may be renewed.
 *
 * @throws EddyError `credentials-invalid` if the file cannot be read
 */
export async function tokenFrom(file: string | undefined): Promise<Pick<ConnectOptions, 'token'>> {
  if (file === undefined) return process.env.EDDY_TOKEN ? { token: process.env.EDDY_TOKEN.trim() } : {};
  const token = async () => {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (error) {
      throw new EddyError(
        'credentials-invalid',
        `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      );
    }
  };
  await token();
  return { token };
}
