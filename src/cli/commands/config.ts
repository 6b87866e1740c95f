/** eddy config: lists the settings, and checks a configuration. */
import type { Command } from 'commander';
import { loadConfig } from '../../server/config/config-load.js';
import { configSchema } from '../../server/config/config-schema.js';
import { FILE_VARIABLE, listSettings, type Setting } from '../../server/config/config-settings.js';
import { grouped } from '../shared/terminal.js';

export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description("show and check the server's configuration")
    .addHelpText(
      'after',
      '\nDefaults < file < environment (EDDY_*) < flags.\n\nExamples:\n  $ eddy config default > eddy.json\n  $ eddy config check eddy.json\n  $ eddy config env',
    );
  config
    .command('default')
    .description('print a configuration file with all defaults')
    .action(() => write(JSON.stringify(configSchema.parse({}), null, 2)));
  config
    .command('check')
    .description('check a file and the environment; exit with 1 if anything is invalid')
    .argument('[file]', `JSON file (default: the one that ${FILE_VARIABLE} names)`)
    .action((file: string | undefined) => {
      loadConfig({ file, env: process.env });
      write('the configuration is valid');
    });
  config
    .command('env')
    .description('list all settings with their variables, ranges and defaults')
    .option('--json', 'as JSON', false)
    .action(({ json }: { json: boolean }) => {
      const settings = listSettings();
      write(json ? JSON.stringify(settings, null, 2) : tableOf(settings));
    });
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tableOf(settings: readonly Setting[]): string {
  const width = Math.max(...settings.map(({ variable }) => variable.length));
  const lines = settings.map((setting) => {
    const { variable, about, default: value } = setting;
    const range = rangeOf(setting);
    return `${variable.padEnd(width)}  ${[about, range && `(${range})`, `[${textOf(value)}]`].filter(Boolean).join(' ')}`;
  });
  return [`${FILE_VARIABLE.padEnd(width)}  configuration file, JSON [none]`, ...lines].join('\n');
}

function rangeOf({ unit, min, max, choices, type }: Setting): string {
  if (choices) return choices.join(', ');
  if (type === 'array') return 'separated by commas';
  if (min === undefined || max === undefined) return '';
  return `${grouped(min)} to ${grouped(max)}${unit && unit !== 'count' ? ` ${unit}` : ''}`;
}

function textOf(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  return typeof value === 'number' ? grouped(value) : String(value);
}
