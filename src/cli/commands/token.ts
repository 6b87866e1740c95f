/** eddy token: creates tokens, and shows what a token permits. */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ROLES, type Role } from '../../server/auth/access.js';
import { nameList } from '../shared/option-parsers.js';
import { say, writeLine } from '../shared/output.js';
import { addTokenOptions, type SecurityFlags, securityOf } from '../shared/security-options.js';

interface NewOptions {
  role: Role[];
  sequences: string[];
  name?: string;
  expires?: Date;
  tokens?: string;
}

export function addToken(program: Command): void {
  const token = program
    .command('token')
    .description('create tokens, and check what a token permits')
    .addHelpText('after', HELP);
  token
    .command('new')
    .description('print a new token, once, and store its hash')
    .addOption(new Option('--role <role...>', 'roles it grants').choices(ROLES).makeOptionMandatory())
    .requiredOption('--sequences <a,b>', 'sequence names it is valid for; * matches any characters', nameList)
    .option('--name <name>', 'its holder, for the log (default: derived from its hash)')
    .option('--expires <when>', 'when it expires: 12h, 90d, or a time such as 2030-01-31T12:00Z', timeToCome)
    .option('--tokens <file>', 'list to add it to, created if missing (default: print the entry)')
    .addHelpText('after', HELP)
    .action(create);
  addTokenOptions(token.command('check'))
    .description('read a token from EDDY_TOKEN or standard input, and show what it permits')
    .addHelpText('after', HELP)
    .action(check);
}

const HELP = `
Examples:
  $ eddy token new --role produce --sequences 'room-*' --expires 90d --tokens tokens.json > room.token
  $ eddy token new --role subscribe --sequences '*' --name wall
  $ eddy token check --tokens tokens.json < room.token
  $ eddy serve --tokens tokens.json --host 0.0.0.0 --tls-cert eddy.crt --tls-key eddy.key

The list holds hashes only. A running server reads it again at SIGHUP.`;

async function create({ role: roles, sequences, name, expires, tokens: file }: NewOptions): Promise<void> {
  const { hashOf, parseTokens, TOKEN_BYTES, tokenOf } = await import('../../server/auth/tokens.js');
  const token = tokenOf(randomBytes(TOKEN_BYTES));
  const hash = hashOf(token);
  const entry = {
    name: name ?? `token-${hash.slice(0, 8)}`,
    hash,
    roles: [...new Set(roles)],
    sequences,
    ...(expires && { expires: expires.toISOString() }),
  };
  parseTokens(JSON.stringify([entry]), 'the new token');
  if (file !== undefined) (await import('../shared/token-file.js')).appendToken(file, entry, say);
  await writeLine(token);
  if (file === undefined) await writeLine(JSON.stringify(entry));
}

async function check(flags: SecurityFlags, command: Command): Promise<void> {
  const { Credentials } = await import('../../server/auth/credentials.js');
  const credentials = new Credentials(securityOf(flags), { now: () => Date.now(), warn: say });
  if (!credentials.areNeeded) command.error('error: checking needs --tokens or --jwt-key');
  const token = process.env.EDDY_TOKEN || (await text(process.stdin));
  const access = await credentials.authenticate(token.trim());
  await writeLine(JSON.stringify(access.terms));
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Parses a future time, or a duration until then. */
function timeToCome(value: string): Date {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(value) ?? [];
  const at = count === undefined ? Date.parse(value) : Date.now() + Number(count) * 1000 * (UNITS[unit] ?? 0);
  if (at > Date.now()) return new Date(at);
  throw new InvalidArgumentError('It must be a future time, or a duration such as 12h or 90d.');
}
