/** The options of a command that connects to a server. */
import type { Command } from 'commander';
import { addTokenFile } from './client-token.js';
import { DEFAULT_URL, positiveNumber } from './option-parsers.js';

/** Adds them to a command. */
export const addConnectionOptions = (command: Command): Command =>
  addTokenFile(command)
    .option('--url <url>', 'address of the server', DEFAULT_URL)
    .option('--wait <seconds>', 'how long to try until the server first answers', positiveNumber, 10);
