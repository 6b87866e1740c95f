/** eddy sequences: lists, shows, exports, imports and removes sequences. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { EddyError } from '../../errors.js';
import { addTokenFile, tokenFrom } from '../shared/client-token.js';
import { DEFAULT_URL } from '../shared/option-parsers.js';
import { say, writeLine } from '../shared/output.js';
import { grouped } from '../shared/terminal.js';

interface WhereOptions {
  url: string;
  data?: string;
  tokenFile?: string;
}

interface Row {
  readonly sequence: string;
  readonly awake: boolean;
  readonly seq?: number | undefined;
  readonly recentMae?: number | null | undefined;
  readonly recentSkill?: number | null | undefined;
  readonly spec?: Readonly<Record<string, unknown>> | undefined;
}

/** Where the sequences are: behind a server, or in a folder that no server is using. */
interface Place {
  rows(): AsyncIterable<Row>;
  export(name: string): Promise<Uint8Array>;
  import(name: string, file: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

const EXAMPLES = `
Examples:
  $ eddy sequences ls
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
    addTokenFile(sequences.command(usage))
      .description(about)
      .option('--url <url>', 'address of the server', DEFAULT_URL)
      .option('--data <folder>', 'folder of a server that is not running, instead of --url')
      .addHelpText('after', EXAMPLES);
  add('ls', 'list all sequences')
    .option('--json', 'one JSON object per line', false)
    .action((options: WhereOptions & { json: boolean }) =>
      at(options, async (place) => {
        for await (const row of place.rows())
          await writeLine(options.json ? JSON.stringify(row) : lineOf(row));
      }),
    );
  add('show <name>', "show a sequence's model and state").action((name: string, options: WhereOptions) =>
    at(options, async (place) =>
      writeLine(JSON.stringify(await describe(await place.export(name)), null, 2)),
    ),
  );
  add(
    'export <name> <file>',
    'write a whole sequence to a safetensors file, or to - for standard output',
  ).action((name: string, file: string, options: WhereOptions) =>
    at(options, async (place) => write(file, await place.export(name))),
  );
  add('import <file> <name>', 'create a sequence from such a file, or from - for standard input').action(
    (file: string, name: string, options: WhereOptions) =>
      at(options, async (place) => {
        await place.import(name, file === '-' ? await buffer(process.stdin) : await readFile(file));
        say(`${name} is imported`);
      }),
  );
  add('rm <name>', 'remove a sequence and everything stored for it')
    .option('--yes', 'do it', false)
    .action((name: string, options: WhereOptions & { yes: boolean }) => {
      if (!options.yes)
        throw new EddyError('setting-invalid', `this would delete ${name} for good; confirm with --yes`);
      return at(options, async (place) => {
        await place.remove(name);
        say(`${name} is removed`);
      });
    });
}

async function at(options: WhereOptions, act: (place: Place) => Promise<void>): Promise<void> {
  const place = options.data === undefined ? await atServer(options) : await inFolder(options.data);
  try {
    await act(place);
  } finally {
    await place.close();
  }
}

async function atServer({ url, tokenFile }: WhereOptions): Promise<Place> {
  const { connect } = await import('../../../client/sdk/node.js');
  const client = connect(url, { agent: 'eddy sequences', ...(await tokenFrom(tokenFile)) });
  const ready = new Promise<void>((resolve, reject) =>
    client.state$.subscribe((state) => {
      if (state.status === 'open') resolve();
      if (state.status === 'waiting' || state.status === 'closed') reject(state.reason);
    }),
  );
  try {
    await ready;
  } catch (error) {
    client.close();
    throw error;
  }
  return {
    async *rows() {
      for (let after: string | undefined; ; ) {
        const { sequences } = await client.list({ limit: 1000, ...(after !== undefined && { after }) });
        yield* sequences;
        if (sequences.length < 1000) return;
        after = sequences.at(-1)?.sequence;
      }
    },
    export: (name) => client.export(name),
    import: (name, file) => client.import(name, file),
    remove: (name) => client.remove(name),
    close: async () => client.close(),
  };
}

async function inFolder(data: string): Promise<Place> {
  const { openRegistry } = await import('../../server/create-server.js');
  const registry = await openRegistry(data);
  return {
    async *rows() {
      for (const name of registry.names())
        yield { sequence: name, awake: false, ...registry.summaryOf(name) };
    },
    export: async (name) => registry.exportOf(name),
    import: (name, file) => registry.importAs(name, file),
    remove: (name) => registry.remove(name),
    close: () => registry.end(),
  };
}

async function describe(file: Uint8Array): Promise<object> {
  const { readSafetensors } = await import('../../formats/safetensors.js');
  const { metadata, tensors } = readSafetensors(file);
  const { name, seq, epoch, savedAt, spec = '{}' } = Object.fromEntries(metadata);
  const weights = ['Wx', 'Wh', 'b', 'Wy', 'by'].filter((of) => tensors.has(of));
  const shapes = Object.fromEntries(weights.map((of) => [of, tensors.get(of)?.shape]));
  return {
    name,
    seq: Number(seq),
    epoch,
    at: savedAt,
    weights: shapes,
    bytes: file.length,
    spec: JSON.parse(spec),
  };
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

function lineOf({ sequence, awake, seq, spec, recentMae, recentSkill }: Row): string {
  const parts = [sequence, awake ? 'awake' : 'asleep'];
  if (seq !== undefined) parts.push(`${grouped(seq + 1)} steps`);
  if (spec) parts.push(`${spec.features} -> ${spec.units}`);
  if (typeof recentMae === 'number') parts.push(`error ${recentMae.toPrecision(3)}`);
  if (typeof recentSkill === 'number') parts.push(`skill ${recentSkill.toFixed(2)}`);
  return parts.join('  ');
}
