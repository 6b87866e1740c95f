import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { AUDIENCE, fixture, jwtSigner, privateFile } from '../support/access.js';
import { run, serve } from '../support/cli.js';

const NO_TOKEN = { EDDY_TOKEN: '' };
/** A path in a folder that is gone after the test. */
const newPath = () => join(dirname(privateFile('x', '')), 'tokens.json');
const entriesOf = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

describe('eddy token new', () => {
  it('[ACC19] prints a token of 256 bits once, and adds its hash to a list for its owner only', async () => {
    const tokens = newPath();
    const first = await run([
      'token',
      'new',
      '--role',
      'produce',
      '--sequences',
      'room-*,hall',
      '--name',
      'a',
      '--expires',
      '90d',
      '--tokens',
      tokens,
    ]);
    expect([first.code, first.stdout, first.stderr]).toEqual([
      0,
      expect.stringMatching(/^eddy_[\w-]{43}\n$/),
      '',
    ]);
    expect(statSync(tokens).mode & 0o777).toBe(0o600);
    chmodSync(tokens, 0o640);
    const second = await run([
      'token',
      'new',
      '--role',
      'subscribe',
      '--role',
      'admin',
      '--sequences',
      '*',
      '--tokens',
      tokens,
    ]);
    expect(second.stdout).not.toBe(first.stdout);
    const entries = entriesOf(tokens);
    expect(entries).toMatchObject([
      {
        name: 'a',
        roles: ['produce'],
        sequences: ['room-*', 'hall'],
        expires: expect.stringMatching(/^2\d{3}-.*Z$/),
      },
      { name: expect.stringMatching(/^token-[0-9a-f]{8}$/), roles: ['subscribe', 'admin'], sequences: ['*'] },
    ]);
    const days = (Date.parse(entries[0].expires) - statSync(tokens).mtimeMs) / 86_400_000;
    expect(Math.round(days)).toBe(90);
    expect(statSync(tokens).mode & 0o777).toBe(0o640);
    for (const { stdout } of [first, second])
      expect(readFileSync(tokens, 'utf8')).not.toContain(stdout.trim().slice(5));
  });

  it('[ACC19] prints the entry where no list is named', async () => {
    const { stdout } = await run(['token', 'new', '--role', 'admin', '--sequences', '*']);
    const [token = '', entry = ''] = stdout.split('\n');
    const tokens = privateFile('tokens.json', `[${entry}]`);
    const checked = await run(['token', 'check', '--tokens', tokens], { input: token, env: NO_TOKEN });
    expect([checked.code, JSON.parse(checked.stdout).roles]).toEqual([0, ['produce', 'subscribe', 'admin']]);
  });

  it('[ACC19] leaves a list alone that is broken, being changed, or has the name already', async () => {
    const create = (tokens: string) =>
      run(['token', 'new', '--role', 'admin', '--sequences', '*', '--name', 'a', '--tokens', tokens]);
    const broken = privateFile('tokens.json', 'broken');
    const busy = newPath();
    writeFileSync(`${busy}.new`, 'of another');
    const full = newPath();
    expect((await create(full)).code).toBe(0);
    const before = readFileSync(full, 'utf8');
    const refusals = [
      [broken, 'is not JSON'],
      [busy, 'another eddy token new is running'],
      [full, 'repeats the name of entry 1'],
      ['/nowhere/tokens.json', 'ENOENT'],
    ] as const;
    await Promise.all(
      refusals.map(async ([tokens, words]) => {
        const { code, stdout, stderr } = await create(tokens);
        expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(words)]);
      }),
    );
    expect([readFileSync(broken, 'utf8'), readFileSync(`${busy}.new`, 'utf8'), existsSync(busy)]).toEqual([
      'broken',
      'of another',
      false,
    ]);
    expect([readFileSync(full, 'utf8'), existsSync(`${full}.new`)]).toEqual([before, false]);
  });

  it('[ACC19] says what is wrong with a call', async () => {
    const calls = [
      [['--sequences', '*'], '--role'],
      [['--role', 'root', '--sequences', '*'], 'produce, subscribe, admin'],
      [['--role', 'admin'], '--sequences'],
      [['--role', 'admin', '--sequences', '*', '--expires', 'soon'], 'a future time'],
      [['--role', 'admin', '--sequences', '*', '--expires', '2020-01-01'], 'a future time'],
    ] as const;
    await Promise.all(
      calls.map(async ([args, words]) => {
        const { code, stdout, stderr } = await run(['token', 'new', ...args]);
        expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(words)]);
      }),
    );
    const { code, stderr } = await run(['token', 'new', '--role', 'admin', '--sequences', 'a b']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('a pattern must have')]);
  });
});

describe('eddy token check', () => {
  it('[ACC20] says what a token from standard input or EDDY_TOKEN permits, and ends with 1 where it is not good', async () => {
    const tokens = newPath();
    const { stdout: token } = await run([
      'token',
      'new',
      '--role',
      'produce',
      '--sequences',
      'room-*',
      '--name',
      'a',
      '--tokens',
      tokens,
    ]);
    const check = ['token', 'check', '--tokens', tokens];
    const terms = { name: 'a', roles: ['produce'], sequences: ['room-*'], expires: null };
    const read = await run(check, { input: token });
    expect([read.code, JSON.parse(read.stdout)]).toEqual([0, terms]);
    const fromEnvironment = await run(check, { env: { EDDY_TOKEN: token } });
    expect(JSON.parse(fromEnvironment.stdout)).toEqual(terms);
    const wrong = await run(check, { input: 'eddy_wrong' });
    expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([
      1,
      '',
      'eddy: unauthorized: the token is unknown\n',
    ]);
    expect((await run(['token', 'check'], { input: token })).code).toBe(2);
  });

  it('[ACC20] knows JSON Web Tokens as the server does', async () => {
    const { pem, sign } = await jwtSigner();
    const args = ['token', 'check', '--jwt-key', privateFile('key.pem', pem), '--jwt-audience', AUDIENCE];
    const good = await run([...args, '--jwt-algorithms', 'ES256'], { input: await sign() });
    expect(JSON.parse(good.stdout)).toMatchObject({
      name: 'pump',
      roles: ['produce'],
      sequences: ['room-*'],
    });
    expect((await run(args, { input: await sign({ aud: 'other' }) })).stderr).toContain('claim aud');
    expect((await run([...args, '--jwt-algorithms', 'HS256'], { input: 'x' })).stderr).toContain(
      'not a key for HS256',
    );
    expect((await run([...args, '--jwt-algorithms', 'none'], { input: 'x' })).code).toBe(2);
  });
});

describe('eddy serve, push and watch with tokens', () => {
  it('[ACC21] listens elsewhere than on loopback with tokens, and warns where nothing encrypts them', async () => {
    const tokens = newPath();
    await run(['token', 'new', '--role', 'admin', '--sequences', '*', '--tokens', tokens]);
    const bare = await serve(['--host', '0.0.0.0', '--tokens', tokens]);
    expect((await bare.stop()).stderr).toContain('tokens cross the network unencrypted');
    const secure = await serve([
      '--host',
      '0.0.0.0',
      '--tokens',
      tokens,
      '--tls-cert',
      fixture('one.crt'),
      '--tls-key',
      fixture('one.key'),
    ]);
    expect(secure.url).toMatch(/^wss:/);
    expect((await secure.stop()).stderr).not.toContain('unencrypted');
    const open = await serve(['--host', '0.0.0.0', '--insecure']);
    expect((await open.stop()).stderr).toContain('everyone who reaches this address may do everything');
    const { code, stderr } = await run(['serve', '--port', '0', '--tokens', '/nowhere/tokens.json']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('credentials-invalid: /nowhere/tokens.json')]);
  });

  it('[ACC22] connect with the token of EDDY_TOKEN or a file; it is in no output', async () => {
    const tokens = newPath();
    const { stdout } = await run([
      'token',
      'new',
      '--role',
      'produce',
      '--role',
      'subscribe',
      '--sequences',
      'room-*',
      '--tokens',
      tokens,
    ]);
    const token = stdout.trim();
    const { url, stop } = await serve(['--tokens', tokens, '--origin', 'https://dash.example']);
    const push = (args: string[], env = NO_TOKEN) =>
      run(['push', '-', '--url', url, ...args], { input: 'a\n1\n2\n', env });
    const room = ['--sequence', 'room-1', '--units', '2'];
    const file = privateFile('token', stdout);
    const pushed = [await push(room, { EDDY_TOKEN: token }), await push([...room, '--token-file', file])];
    expect(pushed.map(({ code }) => code)).toEqual([0, 0]);
    const watching = run(
      ['watch', 'room-1', '--url', url, '--token-file', file, '--count', '1', '--view', 'metrics', '--json'],
      { env: NO_TOKEN },
    );
    const client = connect(url, { token });
    const handle = client.open('room-1');
    let seen = false;
    void watching.then(() => {
      seen = true;
    });
    while (!seen) {
      handle.push([1]);
      await handle.drained();
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.close();
    expect((await watching).code).toBe(0);
    const refused = await Promise.all([
      push(room),
      push(room, { EDDY_TOKEN: 'eddy_wrong' }),
      push(['--sequence', 'hall-1', '--units', '2'], { EDDY_TOKEN: token }),
      push([...room, '--token-file', '/nowhere/token']),
    ]);
    expect(
      refused.map(({ code, stderr }) => [code, /[a-z]+-[a-z]+(?=:)|unauthorized/.exec(stderr)?.[0]]),
    ).toEqual([
      [1, 'unauthorized'],
      [1, 'unauthorized'],
      [1, 'permission-denied'],
      [1, 'credentials-invalid'],
    ]);
    const { code, stdout: out, stderr: log } = await stop();
    expect([code, (out + log).includes(token)]).toEqual([0, false]);
    expect(pushed.map(({ stderr, stdout }) => stderr + stdout).join()).not.toContain(token);
  });
});
