/** eddy sequences: lists, shows, exports, imports and removes sequences. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { EddyError } from '../../errors.js';
import { WEIGHT_SOURCES } from '../../exchange/weight-source.js';
import { at, type ListedSequence, type PlaceFlags } from '../sequences/place.js';
import { type ForeignFlags, fileFromWeights, onnxOf } from '../sequences/sequence-files.js';
import { sheetJson, sheetOf, sheetRow } from '../sequences/sequence-sheet.js';
import { tableOf } from '../sequences/sequence-table.js';
import { addConnectionOptions } from '../shared/connection-options.js';
import { repeated } from '../shared/option-parsers.js';
import { say, writeLine } from '../shared/output.js';
import { names } from '../shared/reading-options.js';
import { grouped } from '../shared/terminal.js';

type JsonFlags = PlaceFlags & { readonly json: boolean };
type ExportFlags = PlaceFlags & { readonly format: 'safetensors' | 'onnx' };
type ImportFlags = PlaceFlags & ForeignFlags;

/** Lines that are aligned together. */
const PAGE = 1000;

const EXAMPLES = `
Examples:
  $ eddy sequences ls
  $ eddy sequences show pump
  $ eddy sequences export pump pump.safetensors
  $ eddy sequences export pump pump.onnx --format onnx
  $ eddy sequences import pump.safetensors pump-2
  $ eddy sequences import trained.safetensors load --as torch --fields load
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
    'export <name> [file]',
    'write a whole sequence to a file, NAME.safetensors by default, or to - for standard output',
  )
    .addOption(
      new Option('--format <kind>', 'safetensors, with all that it is; or onnx, one step as a graph')
        .choices(['safetensors', 'onnx'])
        .default('safetensors'),
    )
    .action((name: string, file: string | undefined, options: ExportFlags) =>
      at(options, async (place) => {
        const whole = await place.export(name);
        const bytes = options.format === 'onnx' ? await onnxOf(whole) : whole;
        await write(file ?? freeFile(`${name.replaceAll('/', '-')}.${options.format}`), bytes);
      }),
    );
  add('import <file> [name]', 'create a sequence from such a file, or from - for standard input')
    .addOption(
      new Option(
        '--as <kind>',
        'the file has weights of another library: create a sequence that begins with them',
      ).choices(WEIGHT_SOURCES),
    )
    .option(
      '--model <file>',
      'with --as: JSON file with the model spec; what the weights tell may be left out',
    )
    .option('--map <from=to>', 'with --as: what a tensor of the file stands for; may be repeated', repeated)
    .option('--fields <a,b>', 'with --as: names of the fields', names)
    .option('--targets <a,b>', 'with --as: names of the targets of a supervised task', names)
    .action(importFile);
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

async function importFile(file: string, given: string | undefined, options: ImportFlags): Promise<void> {
  const { as, model, map, fields, targets } = options;
  if (!as && (model ?? map ?? fields ?? targets) !== undefined)
    throw new EddyError('setting-invalid', '--model, --map, --fields and --targets need --as');
  const name = given ?? basename(file, extname(file));
  const bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
  if (name === '-') throw new EddyError('setting-invalid', 'a file from standard input needs a name');
  const whole = as ? await fileFromWeights(bytes, name, as, options) : bytes;
  await at(options, async (place) => {
    await place.import(name, whole);
    say(`${name} is imported`);
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

/** Gives the name of a file that nobody named, and that must not be there. @throws EddyError `setting-invalid` */
function freeFile(file: string): string {
  if (!existsSync(file)) return file;
  throw new EddyError('setting-invalid', `${file} exists already; say which file to write`);
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
