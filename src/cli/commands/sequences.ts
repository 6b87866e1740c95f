/** eddy sequences: lists, shows, exports, imports and removes sequences. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { EddyError } from '../../errors.js';
import { at, type ListedSequence, type PlaceFlags } from '../sequences/place.js';
import { sheetJson, sheetOf, sheetRow } from '../sequences/sequence-sheet.js';
import { tableOf } from '../sequences/sequence-table.js';
import { addConnectionOptions } from '../shared/connection-options.js';
import { say, writeLine } from '../shared/output.js';
import { grouped } from '../shared/terminal.js';

type JsonFlags = PlaceFlags & { readonly json: boolean };

/** Lines that are aligned together. */
const PAGE = 1000;

const EXAMPLES = `
Examples:
  $ eddy sequences ls
  $ eddy sequences show pump
  $ eddy sequences export pump pump.safetensors
  $ eddy sequences import pump.safetensors pump-2
  $ eddy sequences rm pump-2 --yes
  $ eddy sequences ls --data ./eddy-data --json`;

export function addSequences(program: Command): void {
  const sequences = program
    .command('sequences')
    .description('list, show, export, import and remove sequences')
    .addHelpText('after', EXAMPLES);
  const add = (usage: string, about: string) =>
    addConnectionOptions(sequences.command(usage))
      .description(about)
      .option('--data <folder>', 'folder of a server that is not running, instead of --url')
      .addHelpText('after', EXAMPLES);
  add('ls', 'list all sequences: steps, time of the last one, recent error and skill, model, fields')
    .option('--json', 'one JSON object per line', false)
    .action(list);
  add('show <name>', 'show all that is known of a sequence: its fields and their last values, scores, model')
    .option('--json', 'as JSON, with the shapes of the weights', false)
    .action((name: string, options: JsonFlags) =>
      at(options, async (place) =>
        writeLine(
          options.json
            ? JSON.stringify(await sheetJson(place, name), null, 2)
            : sheetOf(await sheetRow(place, name), Date.now()),
        ),
      ),
    );
  add(
    'export <name> <file>',
    'write a whole sequence to a safetensors file, or to - for standard output',
  ).action((name: string, file: string, options: PlaceFlags) =>
    at(options, async (place) => write(file, await place.export(name))),
  );
  add('import <file> <name>', 'create a sequence from such a file, or from - for standard input').action(
    (file: string, name: string, options: PlaceFlags) =>
      at(options, async (place) => {
        await place.import(name, file === '-' ? await buffer(process.stdin) : await readFile(file));
        say(`${name} is imported`);
      }),
  );
  add('rm <name>', 'remove a sequence and everything stored for it')
    .option('--yes', 'do it', false)
    .action((name: string, options: PlaceFlags & { yes: boolean }) => {
      if (!options.yes)
        throw new EddyError('setting-invalid', `this would delete ${name} for good; confirm with --yes`);
      return at(options, async (place) => {
        await place.remove(name);
        say(`${name} is removed`);
      });
    });
}

async function list(options: JsonFlags): Promise<void> {
  await at(options, async (place) => {
    let page: ListedSequence[] = [];
    let isFirst = process.stdout.isTTY === true;
    const flush = async () => {
      if (page.length > 0) await writeLine(tableOf(page, Date.now(), isFirst).join('\n'));
      isFirst = false;
      page = [];
    };
    for await (const row of place.rows()) {
      if (options.json) await writeLine(JSON.stringify(row));
      else if (page.push(row) >= PAGE) await flush();
    }
    await flush();
  });
}

/** Writes the file completely or not at all. */
async function write(file: string, bytes: Uint8Array): Promise<void> {
  if (file === '-') {
    await new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()));
    return;
  }
  const unfinished = `${file}.${process.pid}.unfinished`;
  await writeFile(unfinished, bytes);
  await rename(unfinished, file);
  say(`${file}: ${grouped(bytes.length)} bytes`);
}
