/** Backups of a folder whose server is killed meanwhile, as some of them are. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from './data-folder.js';
import { compare } from './producers.js';

export interface BackupOptions {
  readonly folder: string;
  /** A folder for backups. */
  readonly to: string;
  /** Steps of each producer that are acked so far. */
  readonly acked: readonly number[];
  readonly isOver: { readonly now: boolean };
  /** Draws a whole number. */
  readonly draw: (low: number, high: number) => number;
}

/** Backs up until it is over; a backup that is there must have what was acked before it began, and the right bits. */
export async function backUpAndCompare({ folder, to, acked, isOver, draw }: BackupOptions) {
  const wrong: string[] = [];
  let whole = 0;
  let killed = 0;
  const [file, restored] = [join(to, 'eddy.backup'), join(to, 'restored')];
  while (!isOver.now) {
    const least = [...acked];
    const killIn = draw(0, 2) === 0 ? draw(50, 700) : null;
    const { code, said } = await run(['store', 'backup', folder, file], killIn);
    if (code === null) killed++;
    else if (code !== 0) wrong.push(`a backup failed: ${said}`);
    if (!existsSync(file)) continue;
    const restoring = await run(['store', 'restore', file, restored], null);
    if (restoring.code !== 0) wrong.push(`a restore failed: ${restoring.said}`);
    else
      wrong.push(
        ...(await compare(restored, least, { isCopy: true, isRestored: true })).map(
          (what) => `restored: ${what}`,
        ),
      );
    whole++;
    for (const path of [file, restored]) rmSync(path, { recursive: true, force: true });
  }
  return { wrong, whole, killed };
}

/** Runs a command, and kills it after so many milliseconds; its code is null if it was killed. */
async function run(args: readonly string[], killIn: number | null) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += bytes;
  });
  const timer = killIn === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killIn);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, said };
}
