/** eddy serve: runs the server until it is told to stop. */
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { pino } from 'pino';
import { EddyError } from '../errors.js';
import { composeServer } from './compose.js';
import { DEFAULT_PORT, wholeNumber } from './options.js';

interface ServeOptions {
  host: string;
  port: number;
  insecure: boolean;
  logLevel: string;
  json: boolean;
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the server until it is interrupted')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for a free one', wholeNumber(0, 65_535), DEFAULT_PORT)
    .option('--insecure', 'allow an address that other machines can reach, without tokens', false)
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .option('--json', 'print the address as JSON when ready', false)
    .addHelpText('after', '\nExamples:\n  $ eddy serve\n  $ eddy serve --port 0 --json')
    .action(serve);
}

async function serve({ host, port, insecure, logLevel, json }: ServeOptions): Promise<void> {
  if (!isLoopback(host) && !insecure)
    throw new EddyError(
      'address-refused',
      `${host} can be reached by other machines; say --insecure to allow it`,
    );
  const logger = pino({ level: logLevel }, pino.destination({ fd: 2, sync: true }));
  const server = composeServer({ logger });
  const at = await server.listen(host, port);
  const url = `ws://${isIP(at.host) === 6 ? `[${at.host}]` : at.host}:${at.port}`;
  logger.info({ url }, 'listening');
  if (json) process.stdout.write(`${JSON.stringify({ url })}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  logger.info('shutting down');
  await server.stop();
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
