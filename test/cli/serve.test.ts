import { describe, expect, it } from 'vitest';
import { file, run, serve } from '../support/cli.js';
import { parseMetrics, sample } from '../support/prometheus.js';
import { RawClient } from '../support/server.js';

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('eddy config', () => {
  it('[OPS4] prints defaults that it finds valid itself', async () => {
    const printed = await run(['config', 'default']);
    expect([printed.code, printed.stderr]).toEqual([0, '']);
    expect(JSON.parse(printed.stdout)).toMatchObject({ port: 4000, limits: { unackedSteps: 256 } });
    const path = file('eddy.json', printed.stdout);
    expect(await run(['config', 'check', path])).toMatchObject({
      code: 0,
      stdout: 'the configuration is valid\n',
    });
  });

  it('[OPS4] tells what is wrong, and exits with 1', async () => {
    const path = file('eddy.json', '{"limits":{"veiws":3},"port":-1}');
    const { code, stdout, stderr } = await run(['config', 'check', path], { env: { EDDY_PROT: '1' } });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trim().split('\n')).toEqual([
      'eddy: config-invalid: EDDY_PROT: unknown variable; did you mean EDDY_PORT?',
      `port (${path}): Too small: expected number to be >=0`,
      `limits.veiws (${path}): unknown setting; did you mean limits.views?`,
    ]);
    const byVariable = await run(['config', 'check'], { env: { EDDY_CONFIG: path } });
    expect([byVariable.code, byVariable.stderr]).toEqual([1, expect.stringContaining('limits.veiws')]);
  });

  it('[OPS4] lists all variables', async () => {
    const { code, stdout } = await run(['config', 'env']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^EDDY_CONFIG +configuration file/);
    expect(stdout).toMatch(/^EDDY_PORT +port to listen on, 0 for a free one \(0 to 65,535\) \[4,000\]$/m);
    expect(stdout).toMatch(/^EDDY_LIMITS_QUEUE_CLOSE_MS +.*\(10 to 3,600,000 ms\) \[5,000\]$/m);
    expect(stdout).toMatch(/^EDDY_TOKENS +.*\[none\]$/m);
    const { stdout: json } = await run(['config', 'env', '--json']);
    expect(JSON.parse(json)).toContainEqual(
      expect.objectContaining({ variable: 'EDDY_GUARD_LAG_MS', default: 500 }),
    );
  });
});

describe('a server process', () => {
  it('[OPS3] does not start with a wrong configuration', async () => {
    const { code, stdout, stderr } = await run(['serve', '--port', '0'], {
      env: { EDDY_LIMITS_VIEWS: 'all' },
    });
    expect([code, stdout]).toEqual([1, '']);
    expect(linesOf(stderr)).toEqual([
      expect.objectContaining({
        level: 60,
        msg: expect.stringMatching(/^config-invalid: limits\.views \(EDDY_LIMITS_VIEWS\): /),
      }),
    ]);
  });

  it('[OPS1] has the limits of its file and its environment', async () => {
    const config = file('eddy.json', '{"limits":{"views":7,"channels":9},"port":1}');
    const { url } = await serve(['--config', config], { EDDY_LIMITS_VIEWS: '8' });
    const client = await RawClient.connect(url);
    expect(client.all('welcome')[0]).toMatchObject({ limits: { views: 8, channels: 9, sockets: 10_000 } });
  });

  it('[OPS15] shows its health and metrics at the admin port only', async () => {
    const { url, adminUrl, stop } = await serve(['--admin-port', '0']);
    const publicUrl = url.replace('ws', 'http');
    expect(adminUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await RawClient.connect(url);
    for (const path of ['/livez', '/readyz', '/metrics']) {
      expect([path, (await fetch(adminUrl + path)).status]).toEqual([path, 200]);
      expect([path, (await fetch(publicUrl + path)).status]).toEqual([path, 404]);
    }
    const metrics = parseMetrics(await (await fetch(`${adminUrl}/metrics`)).text());
    expect(sample(metrics, 'eddy_sockets')).toBe(1);
    expect(sample(metrics, 'process_resident_memory_bytes')).toBeGreaterThan(2 ** 20);
    expect((await stop()).code).toBe(0);
  });

  it('[OPS18] tells its sockets when to come back at SIGTERM, and ends with 0', async () => {
    const { url, stop } = await serve();
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(url)));
    const { code, stderr } = await stop();
    expect(code).toBe(0);
    const waits: number[] = [];
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 3000, reason: 'server-shutdown' });
      const [{ retryMs } = {}] = client.all('error');
      waits.push(retryMs as number);
    }
    for (const wait of waits) expect(Number.isInteger(wait) && wait >= 0 && wait < 5000).toBe(true);
    expect(new Set(waits).size).toBeGreaterThan(1);
    expect(linesOf(stderr).map(({ msg }) => msg)).toEqual([
      'listening',
      'shutting down',
      ...Array(4).fill('socket closed'),
      'stopped',
    ]);
  });

  it('[OPS19] ends at once with 1 at a second signal, though a socket holds it up', async () => {
    const { url, ended, kill, logged } = await serve();
    const client = await RawClient.connect(url);
    client.socket.pause();
    const shuttingDown = logged('shutting down');
    kill('SIGTERM');
    await shuttingDown;
    kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(linesOf(stderr).at(-1)).toMatchObject({ msg: 'second signal: exiting at once', signal: 'SIGINT' });
  });

  it('[OPS20] goes on after SIGHUP, and logs it', async () => {
    const { url, kill, logged, stop } = await serve();
    const reloaded = logged('reload');
    kill('SIGHUP');
    await reloaded;
    const client = await RawClient.connect(url);
    await client.settle();
    expect((await stop()).code).toBe(0);
  });
});
