import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { hashOf } from '../../src/server/auth/tokens.js';
import { file, run, serve } from '../support/cli.js';
import { startServer } from '../support/server.js';

const SPEC = { features: 1, units: 3 };
const folder = mkdtempSync(join(tmpdir(), 'eddy-transfer-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('moving sequences', () => {
  it('[MOV4] over HTTP is for admins of the name', async () => {
    const token = (role: string) => `eddy_${role.padEnd(43, 'x')}`;
    const entry = (role: string, sequences: string[]) => ({
      name: role,
      hash: hashOf(token(role)),
      roles: [role.split('-')[0]],
      sequences,
    });
    const list = [entry('admin', ['*']), entry('admin-other', ['other']), entry('produce', ['*'])];
    const tokens = file('tokens.json', JSON.stringify(list));
    const { url, httpUrl } = await startServer({ importBytes: 2 ** 20 }, 0, { security: { tokens } });
    const client = connect(url, { token: token('admin') });
    const handle = client.open('plant/a b'.replace(' ', '-'), { spec: SPEC });
    handle.push([1]);
    await handle.drained();
    const bytes = await client.export('plant/a-b');
    await client.import('copy', bytes);
    await expect(client.import('copy', bytes)).rejects.toMatchObject({ code: 'sequence-exists' });
    await expect(client.export('nobody')).rejects.toMatchObject({ code: 'sequence-unknown' });
    await expect(client.import('large', new Uint8Array(2 ** 20 + 1))).rejects.toMatchObject({
      code: 'message-too-large',
    });
    const chunks = new Blob([new Uint8Array(2 ** 20), new Uint8Array(bytes)]).stream();
    const headers = { 'content-type': 'application/octet-stream', authorization: `Bearer ${token('admin')}` };
    const unannounced = await fetch(`${httpUrl}/sequences/large`, {
      ...{ method: 'PUT', headers, body: chunks },
      ...{ duplex: 'half' },
    });
    expect([unannounced.status, await unannounced.json()]).toMatchObject([
      413,
      { code: 'message-too-large' },
    ]);
    const status = async (method: string, name: string, authorization?: string) => {
      const path = method === 'GET' ? `${name}/export` : name;
      const headers = { 'content-type': 'application/octet-stream', ...(authorization && { authorization }) };
      const body = method === 'PUT' ? { body: new Uint8Array(bytes) } : {};
      return (await fetch(`${httpUrl}/sequences/${path}`, { method, headers, ...body })).status;
    };
    for (const method of ['GET', 'PUT']) {
      expect(await status(method, 'copy')).toBe(401);
      expect(await status(method, 'copy', 'Bearer eddy_wrong')).toBe(401);
      expect(await status(method, 'copy', `Bearer ${token('produce')}`)).toBe(403);
      expect(await status(method, 'copy', `Bearer ${token('admin-other')}`)).toBe(403);
    }
    expect(await status('PUT', 'other', `Bearer ${token('admin-other')}`)).toBe(201);
    client.close();
  });

  it('[MOV5] from the command line, with a server and without', async () => {
    const data = join(folder, 'data');
    const { url, stop } = await serve(['--data', data]);
    const csv = file('pump.csv', `flow\n${Array.from({ length: 20 }, (_, i) => i).join('\n')}\n`);
    await run(['push', csv, '--sequence', 'pump', '--url', url, '--units', '4']);
    const out = join(folder, 'pump.safetensors');
    const sequences = (...args: string[]) => run(['sequences', ...args]);
    expect((await sequences('ls', '--url', url)).stdout).toMatch(/^pump {2}awake {2}20 steps/);
    expect((await sequences('export', 'pump', out, '--url', url)).code).toBe(0);
    expect(readFileSync(out).length).toBeGreaterThan(1000);
    expect((await sequences('import', out, 'pump-2', '--url', url)).code).toBe(0);
    const locked = await sequences('ls', '--data', data);
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining('store-locked')]);
    const unsure = await sequences('rm', 'pump', '--url', url);
    expect([unsure.code, unsure.stderr]).toEqual([1, expect.stringContaining('--yes')]);
    expect((await sequences('rm', 'pump', '--yes', '--url', url)).code).toBe(0);
    await stop();
    const names = (await sequences('ls', '--data', data, '--json')).stdout.trim().split('\n');
    expect(names.map((line) => JSON.parse(line).sequence)).toEqual(['pump-2']);
    const shown = JSON.parse((await sequences('show', 'pump-2', '--data', data, '--json')).stdout);
    expect(shown).toMatchObject({ seq: 19, weights: { Wh: [4, 4] } });
    const gone = await sequences('show', 'pump', '--data', data);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('sequence-unknown')]);
  });
});
