/** eddy serve: runs the server until it is stopped. */
import { isIP } from 'node:net';
import { type Command, Option } from 'commander';
import { asyncScheduler } from 'rxjs';
import { loadConfig } from '../../server/config/config-load.js';
import { type ConfigInput, securityOf } from '../../server/config/config-schema.js';
import { hearSignals, untilStopped } from '../shared/lifecycle.js';
import { wholeNumber } from '../shared/option-parsers.js';
import { addSecurityOptions, type SecurityFlags, settingsOf } from '../shared/security-options.js';
import { addWebhookOptions, type WebhookFlags, webhookSettings } from '../shared/webhook-options.js';

interface ServeOptions
  extends Omit<ConfigInput, keyof ReturnType<typeof settingsOf> | 'webhook' | 'webhooks' | 'alerts'>,
    SecurityFlags,
    WebhookFlags {
  config?: string;
  json: boolean;
}

const portNumber = wholeNumber(0, 65_535);

export function addServe(program: Command): void {
  addWebhookOptions(addSecurityOptions(program.command('serve')))
    .description('run the server until it is interrupted')
    .option('--config <file>', 'JSON file with settings; see eddy config default')
    .option('--host <address>', 'address to listen on (127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for a free one (4000)', portNumber)
    .option('--admin-host <address>', 'address of --admin-port (127.0.0.1)')
    .option('--admin-port <port>', 'separate port for /livez, /readyz and /metrics', portNumber)
    .option('--data <folder>', 'folder that stores the sequences (eddy-data)')
    .option('--ephemeral', 'keep sequences in memory only; they end with the process')
    .option('--protect-metrics', 'let /metrics be read only with a token that has the role metrics')
    .option(
      '--metrics-sequences <pattern>',
      'sequences of which /metrics tells how they learn, such as room-*',
    )
    .option('--insecure', 'allow listening beyond loopback without tokens')
    .addOption(
      new Option('--log-level <level>', 'least severe level to log (info)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .option('--audit-log <file>', 'append who did what, one JSON line each, to this file too')
    .option('--json', 'print the address as JSON when ready', false)
    .addHelpText(
      'after',
      '\nDefaults < --config file < environment (EDDY_*) < flags; all settings: eddy config env\n\nExamples:\n  $ eddy serve\n  $ eddy serve --config eddy.json --admin-port 9090\n  $ eddy serve --host 0.0.0.0 --tokens tokens.json --tls-cert eddy.crt --tls-key eddy.key\n  $ eddy serve --port 0 --json',
    )
    .action(serve);
}

async function serve({ config: file, json, ...flags }: ServeOptions): Promise<void> {
  const config = loadConfig({ file, env: process.env, flags: settingsOf(webhookSettings(flags)) });
  const { host, port, adminHost, adminPort, insecure, logLevel, shutdown, tls } = config;
  const signals$ = hearSignals();
  const { createLogger, createServer, openStore } = await import('../../server/create-server.js');
  const { checkExposure } = await import('../../server/auth/exposure.js');
  const { createTelemetry } = await import('../../server/telemetry/telemetry.js');
  const logger = createLogger(logLevel);
  const exposure = checkExposure(host, insecure, securityOf(config));
  if (exposure) logger.warn(exposure);
  const telemetry = createTelemetry();
  const store = await openStore(config, telemetry, logger);
  const server = createServer({ ...config, logger, metricsOfProcess: true, store, telemetry });
  const admin = adminPort === undefined ? undefined : { host: adminHost, port: adminPort };
  const at = await server.listen({ host, port, admin });
  const told = { url: urlOf(tls ? 'wss' : 'ws', at), ...(at.admin && { adminUrl: urlOf('http', at.admin) }) };
  logger.info(told, 'listening');
  if (json) process.stdout.write(`${JSON.stringify(told)}\n`);
  const code = await untilStopped({
    signals$,
    scheduler: asyncScheduler,
    limitMs: shutdown.ms,
    stop: () => server.stop(),
    reload: () => server.reload(),
    logger,
  });
  process.exit(code);
}

const urlOf = (scheme: string, { host, port }: { host: string; port: number }) =>
  `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
