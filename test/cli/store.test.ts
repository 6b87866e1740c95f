import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { run, serve } from '../support/cli.js';

let root = '';
const at = (name: string) => join(root, name);
const lines = (text: string) => text.trim().split('\n');

/** Pushes steps to a sequence of a server. */
async function push(url: string, name: string, steps: number, mode: 'create' | 'resume'): Promise<string> {
  const client = connect(url);
  const handle = client.open(name, { mode, ...(mode === 'create' && { spec: { features: 1, units: 4 } }) });
  const { epoch } = await handle.opened;
  for (let n = 0; n < steps; ) {
    for (; n < steps && handle.room > 0; n++) handle.push([Math.sin(n)]);
    await handle.drained();
  }
  client.close();
  return epoch;
}

const checked = async (folder: string) => {
  const { code, stdout } = await run(['store', 'check', folder, '--json']);
  return { code, ...JSON.parse(stdout) };
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'eddy-cli-store-'));
  const { url, stop } = await serve(['--data', at('data')]);
  await push(url, 'pump', 40, 'create');
  await push(url, 'valve', 7, 'create');
  await stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('eddy store check', () => {
  it('[STO45] lists what each sequence has, and that it is whole', async () => {
    const { code, stdout } = await run(['store', 'check', at('data')]);
    expect([code, lines(stdout).map((line) => line.replace(/ +/g, ' '))]).toEqual([
      0,
      [
        'sequence steps checkpoints pages bytes state',
        expect.stringMatching(/^pump 40 \d+ \d+ [\d,]+ whole$/),
        expect.stringMatching(/^valve 7 \d+ \d+ [\d,]+ whole$/),
        '2 sequences, 0 damaged; the store is whole',
      ],
    ]);
  });

  it('[STO45] says what is damaged and of which sequence, exits with 1, and changes nothing', async () => {
    cpSync(at('data'), at('harmed'), { recursive: true });
    const bytes = readFileSync(join(at('harmed'), 'data.mdb'));
    const chunk = bytes.lastIndexOf('EDGL');
    for (let i = bytes.indexOf('EDGL'); i >= 0; i = bytes.indexOf('EDGL', i + 1))
      bytes[i + 34] = bytes[i + 34]! ^ 4;
    expect(chunk).toBeGreaterThan(0);
    writeFileSync(join(at('harmed'), 'data.mdb'), bytes);
    const { code, stdout } = await run(['store', 'check', at('harmed')]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/pump .*the chunk of records \d+ to \d+ is damaged: /),
    ]);
    expect(stdout).toContain('the store is damaged');
    expect(readFileSync(join(at('harmed'), 'data.mdb'))).toEqual(bytes);
    const refused = await run(['store', 'backup', at('harmed'), at('bad.backup')]);
    expect([refused.code, existsSync(at('bad.backup'))]).toEqual([1, false]);
    expect(refused.stderr).toContain('is not whole');
  });

  it('[STO45] says where there is no store', async () => {
    const { code, stderr } = await run(['store', 'check', at('nowhere')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no store in')]);
  });
});

describe('eddy store backup and restore', () => {
  it('[STO45] [STO46] work while a server writes; what is restored goes on, in new epochs', async () => {
    const { url, stop } = await serve(['--data', at('data')]);
    const epoch = await push(url, 'pump', 10, 'resume');
    const busy = push(url, 'busy', 3000, 'create');
    const report = await checked(at('data'));
    expect(report).toMatchObject({ code: 0, whole: true, owner: expect.stringMatching(/^process \d+$/) });
    const { code, stderr } = await run(['store', 'backup', at('data'), at('a.backup')]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('read back and whole')]);
    await busy;
    expect((await stop()).code).toBe(0);

    const restored = await run(['store', 'restore', at('a.backup'), at('new/data')]);
    expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining('sequences')]);
    const { sequences, restored: isRestored, whole } = await checked(at('new/data'));
    expect([isRestored, whole]).toEqual([true, true]);
    expect(sequences).toContainEqual(expect.objectContaining({ sequence: 'pump', steps: 50, damage: [] }));
    const again = await serve(['--data', at('new/data')]);
    expect(await push(again.url, 'pump', 1, 'resume')).not.toBe(epoch);
    await again.stop();
  });

  it('[STO46] remove what a backup to the same file has left behind that was killed', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const [dead, alive] = [`${at('clean.backup')}.${pid}.unfinished`, `${at('clean.backup')}.1.unfinished`];
    for (const folder of [dead, alive]) mkdirSync(folder);
    expect((await run(['store', 'backup', at('data'), at('clean.backup')])).code).toBe(0);
    expect([dead, alive, at('clean.backup')].map((path) => existsSync(path))).toEqual([false, true, true]);
  });

  it('[STO46] write over nothing', async () => {
    writeFileSync(at('mine'), 'mine');
    const kept = await run(['store', 'backup', at('data'), at('mine')]);
    expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining('exists already')]);
    expect(readFileSync(at('mine'), 'utf8')).toBe('mine');
    await run(['store', 'backup', at('data'), at('b.backup')]);
    const full = await run(['store', 'restore', at('b.backup'), at('data')]);
    expect([full.code, full.stderr]).toEqual([1, expect.stringContaining('is not empty')]);
    const bytes = readFileSync(at('b.backup'));
    writeFileSync(at('cut.backup'), bytes.subarray(0, bytes.length - 5000));
    const cut = await run(['store', 'restore', at('cut.backup'), at('other')]);
    expect([cut.code, existsSync(at('other'))]).toEqual([1, false]);
  });
});
