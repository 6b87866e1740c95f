/** Behind the real nginx: who is who, and which page may connect. Skipped where nginx is not installed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { newToken, tokenFile } from '../support/access.js';
import { RawClient, startServer } from '../support/server.js';

const hasNginx =
  spawnSync('nginx', ['-v'], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } }).status === 0;

let nginx: ChildProcess | null = null;
let folder = '';
afterEach(async () => {
  const ended = nginx && new Promise((resolve) => nginx?.once('exit', resolve));
  nginx?.kill('SIGTERM');
  await ended;
  if (folder !== '') rmSync(folder, { recursive: true });
});

/** A port that is free at the moment. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** Starts nginx before a server, and gives its port when it answers. */
async function proxyTo(port: number): Promise<number> {
  folder = mkdtempSync(join(tmpdir(), 'eddy-nginx-'));
  const own = await freePort();
  const config = `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${own};
    location / {
      proxy_pass http://127.0.0.1:${port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { env, stdio: 'ignore' });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${own}/livez`).catch(() => null);
    if (answer) return own;
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The users stand before nginx, which trusts them in turn: they name themselves. */
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe.skipIf(!hasNginx)('behind nginx', () => {
  it('[ACC26] the sockets of each user are counted, and not those of the proxy', async () => {
    const { port } = await startServer({ socketsPerAddress: 2 }, 0, { trustProxy: ['127.0.0.1'] });
    const proxy = `ws://127.0.0.1:${await proxyTo(port)}`;
    for (const user of ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
      for (let i = 0; i < 2; i++) await RawClient.connect(proxy, 'json', true, from(user));
    await expect(RawClient.connect(proxy, 'json', true, from('192.0.2.2'))).rejects.toThrow('503');
    await expect(RawClient.connect(proxy, 'json', true, from('2001:db8::2'))).rejects.toThrow('503');
    await RawClient.connect(proxy, 'json', true, from('192.0.2.3'));
  });

  it('[ACC26] the attempts of each user are counted', async () => {
    const log: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => log.push(line) });
    const security = { tokens: tokenFile(newToken(['admin'])) };
    const { port } = await startServer({ refusedTokens: 2 }, 0, {
      security,
      logger,
      trustProxy: ['127.0.0.0/8'],
    });
    const page = `http://127.0.0.1:${await proxyTo(port)}/sequences/a/export`;
    const guess = async (user: string) => {
      const headers = { authorization: 'Bearer x', ...from(user).headers };
      return (await fetch(page, { headers })).status;
    };
    expect([await guess('192.0.2.1'), await guess('192.0.2.1'), await guess('192.0.2.1')]).toEqual([
      401, 401, 429,
    ]);
    expect(await guess('192.0.2.2')).toBe(401);
    expect(log.filter((line) => line.includes('"who":"192.0.2.1"'))).toHaveLength(2);
  });

  it('[ACC26] the proxy’s own page may connect, and no other; without trust neither', async () => {
    for (const trustProxy of [['127.0.0.1'], []]) {
      const { port } = await startServer({}, 0, { trustProxy });
      const own = await proxyTo(port);
      const status = (origin: string) =>
        RawClient.connect(`ws://127.0.0.1:${own}`, 'json', true, { origin }).then(
          () => 101,
          (error: Error) => Number(/\d{3}/.exec(error.message)?.[0]),
        );
      expect(await status(`http://127.0.0.1:${own}`)).toBe(trustProxy.length > 0 ? 101 : 403);
      expect(await status('http://evil.example')).toBe(403);
      nginx?.kill('SIGTERM');
      await new Promise((resolve) => nginx?.once('exit', resolve));
      nginx = null;
      rmSync(folder, { recursive: true });
      folder = '';
    }
  });

  it('[ACC26] a user who contradicts the proxy is refused', async () => {
    const { port } = await startServer({}, 0, { trustProxy: ['127.0.0.1'] });
    const page = `http://127.0.0.1:${await proxyTo(port)}/livez`;
    const status = async (headers: Record<string, string>) => (await fetch(page, { headers })).status;
    expect(await status({ forwarded: 'for=9.9.9.9' })).toBe(400);
    expect(await status({ forwarded: 'for="' })).toBe(400);
    expect(await status({ 'x-forwarded-for': 'junk' })).toBe(400);
    expect(await status({})).toBe(200);
  });
});
