/** eddy store: checks, backs up and restores the data folder of a server. */
import type { Command } from 'commander';
import { say, writeLine } from '../shared/output.js';
import { countOf, grouped } from '../shared/terminal.js';
import { checkTable } from '../store/check-table.js';

const EXAMPLES = `
Examples:
  $ eddy store check ./eddy-data
  $ eddy store backup ./eddy-data eddy-monday.backup
  $ eddy store restore eddy-monday.backup ./eddy-data-2

check and backup may run while a server has the folder. No file is ever written over.`;

export function addStore(program: Command): void {
  const store = program
    .command('store')
    .description("check, back up and restore a server's data folder")
    .addHelpText('after', EXAMPLES);
  store
    .command('check <folder>')
    .description('read everything in the folder, and say what is whole; exit code 1 if anything is damaged')
    .option('--json', 'as JSON', false)
    .addHelpText('after', EXAMPLES)
    .action(check);
  store
    .command('backup <folder> <file>')
    .description('write the folder as it is at one moment to a new file, and read it back')
    .addHelpText('after', EXAMPLES)
    .action(backup);
  store
    .command('restore <file> <folder>')
    .description('put a backup into an empty or missing folder; its sequences get new epochs')
    .addHelpText('after', EXAMPLES)
    .action(restoreFile);
}

/** How a page is read; loaded, like the code of LMDB, only when it is used. */
const pageReader = async () => (await import('../../sequence/past/page-codec.js')).readPage;

async function check(folder: string, { json }: { json: boolean }): Promise<void> {
  const { checkFolder } = await import('../../store/lmdb/backup.js');
  const report = await checkFolder(folder, await pageReader());
  const { sequences, damage, isWhole, owner, isRestored, format } = report;
  if (json)
    await writeLine(
      JSON.stringify({ folder, format, owner, restored: isRestored, whole: isWhole, sequences, damage }),
    );
  else {
    if (sequences.length > 0) await writeLine(checkTable(sequences).join('\n'));
    for (const line of damage) await writeLine(line);
    const broken = sequences.filter((one) => one.damage.length > 0).length;
    const told = `${countOf(sequences.length, 'sequence')}, ${broken} damaged`;
    await writeLine(`${told}; ${isWhole ? 'the store is whole' : 'the store is damaged'}`);
    if (isRestored)
      say('the store was restored from a backup; its sequences get new epochs when they are opened');
    if (owner !== null) say(`the folder is in use by ${owner}: this is how it was at one moment`);
  }
  if (!isWhole) process.exitCode = 1;
}

async function backup(folder: string, file: string): Promise<void> {
  const { backUp } = await import('../../store/lmdb/backup.js');
  const { sequences } = await backUp(folder, file, await pageReader());
  say(`${file}: ${summary(sequences)}, read back and whole`);
}

async function restoreFile(file: string, folder: string): Promise<void> {
  const { restore } = await import('../../store/lmdb/backup.js');
  const { sequences } = await restore(file, folder, await pageReader());
  say(`${folder}: ${summary(sequences)}, read back and whole; each gets a new epoch when it is opened`);
}

const summary = (sequences: readonly { steps: number | null }[]) =>
  `${countOf(sequences.length, 'sequence')}, ${grouped(sequences.reduce((sum, { steps }) => sum + (steps ?? 0), 0))} steps`;
