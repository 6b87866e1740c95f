/** A server whose power goes: its disk is copied while it acknowledges steps, and the copy is all that is left. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { freePort, serve } from '../support/data-folder.js';
import { canLoop, ImageDisk } from '../support/mounts.js';
import { compare, PRODUCERS, produce } from '../support/producers.js';

/** One loss, or as many as `npm run test:power` asks for. */
const LOSSES = Number(process.env.LOSSES ?? 1);
const title = (what: string) => (canLoop ? what : `${what} (skipped: no image can be mounted here)`);

let base = '';
let disk: ImageDisk;
const mounted: ImageDisk[] = [];
const mount = (made: ImageDisk) => {
  mounted.push(made.mount());
  return made;
};
beforeEach(() => {
  if (!canLoop) return;
  base = mkdtempSync(join(tmpdir(), 'eddy-power-'));
  disk = mount(ImageDisk.make(join(base, 'image'), join(base, 'disk'), 256));
});
afterEach(() => {
  for (const made of mounted.splice(0).reverse()) made.unmount();
  if (base !== '') rmSync(base, { recursive: true, force: true });
});

/** The disk as it would be after the power went, mounted elsewhere. */
function afterLoss(n: number): ImageDisk {
  const image = join(base, `image-${n}`);
  disk.copyTo(image);
  return mount(new ImageDisk(image, join(base, `disk-${n}`)));
}

function drop(made: ImageDisk): void {
  mounted.splice(mounted.indexOf(made), 1);
  made.unmount();
  rmSync(made.image);
}

describe('a loss of power', () => {
  it.runIf(canLoop)(title('takes what was not flushed, and nothing else'), () => {
    execFileSync('sync', ['-f', disk.folder]);
    const flushed = openSync(join(disk.folder, 'flushed'), 'w');
    writeSync(flushed, 'x'.repeat(10_000));
    fsyncSync(flushed);
    closeSync(flushed);
    writeFileSync(join(disk.folder, 'waiting'), 'x'.repeat(10_000));
    const { folder } = afterLoss(0);
    const sizeOf = (name: string) => (existsSync(join(folder, name)) ? statSync(join(folder, name)).size : 0);
    expect([sizeOf('flushed'), sizeOf('waiting')]).toEqual([10_000, 0]);
  });

  it.runIf(canLoop)(
    title(`[PRF4] loses no acked step, and damages nothing, ${LOSSES} times`),
    async () => {
      const [data, port] = [join(disk.folder, 'data'), await freePort()];
      const server = await serve(data, port);
      const acked: number[] = [];
      const lost: string[] = [];
      const isOver = { now: false };
      const clients = PRODUCERS.map(() => connect(`ws://127.0.0.1:${port}`));
      const runs = PRODUCERS.map((producer, i) => produce(producer, clients[i]!, isOver, lost, acked));
      const wrong: string[] = [];
      const fewest = () => Math.min(...PRODUCERS.map((_, i) => acked[i] ?? 0));
      for (let n = 1; n <= LOSSES; n++) {
        const before = fewest();
        await expect.poll(fewest, { timeout: 20_000 }).toBeGreaterThan(before + 100);
        const least = [...acked];
        server.kill('SIGSTOP');
        const left = afterLoss(n);
        server.kill('SIGCONT');
        const told = await compare(join(left.folder, 'data'), least, { isCopy: true });
        wrong.push(...told.map((what) => `loss ${n}: ${what}`));
        drop(left);
      }
      isOver.now = true;
      const totals = await Promise.all(runs);
      for (const client of clients) client.close();
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await gone;
      process.stderr.write(`${JSON.stringify({ losses: LOSSES, steps: totals })}\n`);
      expect([lost, wrong, await compare(data, totals)]).toEqual([[], [], []]);
    },
    30_000 + 15_000 * LOSSES,
  );
});
