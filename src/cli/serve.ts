/** eddy serve: runs the server until it is told to stop. */
import { isIP } from 'node:net';
import { type Command, Option } from 'commander';
import { EddyError } from '../errors.js';
import { DEFAULT_PORT, wholeNumber } from './options.js';
import { interrupted } from './output.js';

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
    .addOption(
      new Option('--log-level <level>', 'what to log')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
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
  const told = interrupted();
  const { composeServer, createLogger } = await import('./compose.js');
  const logger = createLogger(logLevel);
  const server = composeServer({ logger });
  const at = await server.listen(host, port);
  const url = `ws://${isIP(at.host) === 6 ? `[${at.host}]` : at.host}:${at.port}`;
  logger.info({ url }, 'listening');
  if (json) process.stdout.write(`${JSON.stringify({ url })}\n`);
  await told;
  logger.info('shutting down');
  await server.stop();
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
