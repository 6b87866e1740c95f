import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, LIMIT_NAMES, LIMITS } from '../../../src/limits.js';
import { loadConfig } from '../../../src/server/config/config-load.js';
import { type ConfigInput, configSchema } from '../../../src/server/config/config-schema.js';
import { listSettings, type Setting } from '../../../src/server/config/config-settings.js';
import { file } from '../../support/cli.js';

/** Gives the lines of what is wrong. */
function wrong(...[sources]: Parameters<typeof loadConfig>): string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(code).toBe('config-invalid');
    return message.split('\n');
  }
  return [];
}

const json = (value: unknown) => file('eddy.json', JSON.stringify(value));
const nest = (path: string, value: unknown): ConfigInput =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as ConfigInput;
const valueAt = (tree: unknown, path: string): unknown =>
  path.split('.').reduce((at, key) => (at as Record<string, unknown>)[key], tree);

describe('the configuration', () => {
  it('[OPS1] is all defaults where nothing is said', () => {
    const config = loadConfig({});
    expect(config).toEqual(configSchema.parse({}));
    expect(config.limits).toEqual(DEFAULT_LIMITS);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      insecure: false,
      data: 'eddy-data',
      ephemeral: false,
      groupMs: 0,
      checkpoint: { steps: 4096, ms: 60_000 },
      idleMs: 300_000,
      shutdown: { ms: 30_000, spreadMs: 5000 },
    });
  });

  it('[OPS1] takes each setting from the highest place that says it', () => {
    const isFree = ({ type, path }: Setting) => type === 'number' && !path.startsWith('limits.');
    const settings = listSettings().filter(isFree);
    fc.assert(
      fc.property(
        fc.constantFrom(...settings),
        fc.subarray(['file', 'env', 'flags'] as const),
        ({ path, variable, min = 0, default: fallback }, places) => {
          const config = loadConfig({
            ...(places.includes('file') && { file: json(nest(path, min)) }),
            env: { PATH: '/bin', ...(places.includes('env') && { [variable]: String(min + 1) }) },
            flags: places.includes('flags') ? nest(path, min + 2) : nest(path, undefined),
          });
          const highest = places.includes('flags') ? 2 : places.includes('env') ? 1 : 0;
          expect(valueAt(config, path)).toBe(places.length > 0 ? min + highest : fallback);
        },
      ),
    );
  });

  it('[ACC26] takes the proxies that are trusted from each place, and refuses what is no address', () => {
    const both = ['127.0.0.1', '10.0.0.0/8'];
    expect(loadConfig({ env: { EDDY_TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' } }).trustProxy).toEqual(both);
    expect(loadConfig({ file: json({ trustProxy: both }) }).trustProxy).toEqual(both);
    expect(loadConfig({ flags: { trustProxy: both } }).trustProxy).toEqual(both);
    expect(() => loadConfig({ env: { EDDY_TRUST_PROXY: 'nginx' } })).toThrow(
      /trustProxy.0 \(EDDY_TRUST_PROXY\): must be an address, or a network/,
    );
  });

  it('[OPS1] takes the file that EDDY_CONFIG names, unless --config names another', () => {
    const env = { EDDY_CONFIG: json({ port: 1 }) };
    expect(loadConfig({ env }).port).toBe(1);
    expect(loadConfig({ env, file: json({ port: 2 }) }).port).toBe(2);
  });

  it('[OPS1] reads every type from the environment', () => {
    const env = {
      EDDY_HOST: '::1',
      EDDY_EPHEMERAL: 'true',
      EDDY_INSECURE: '0',
      EDDY_ORIGINS: 'https://a.example, https://b.example:8443,',
      EDDY_CHECKPOINT_STEPS: '10',
      EDDY_INFLUX_RESAMPLE: '{"every":"10s"}',
      EDDY_TLS_CERT: 'c.pem',
      EDDY_TLS_KEY: 'k.pem',
      EDDY_TOKEN: 'the secret of a client',
    };
    expect(loadConfig({ env })).toMatchObject({
      host: '::1',
      ephemeral: true,
      insecure: false,
      origins: ['https://a.example', 'https://b.example:8443'],
      checkpoint: { steps: 10, ms: 60_000 },
      influx: { resample: { every: '10s' } },
      tls: { cert: 'c.pem', key: 'k.pem' },
    });
  });

  it.each([
    [
      { env: { EDDY_LIMITS_VEIWS: '1' } },
      /^EDDY_LIMITS_VEIWS: .*unknown variable; did you mean EDDY_LIMITS_VIEWS\?$/,
    ],
    [{ env: { EDDY_TOKN: 'x' } }, /^EDDY_TOKN: .*did you mean EDDY_TOKENS?\?$/],
    [{ env: { EDDY_WALRUS_COLONY: 'x' } }, /^EDDY_WALRUS_COLONY: unknown variable$/],
    [{ flags: { prot: 1 } as ConfigInput }, /^prot \(--prot\): .*unknown setting; did you mean port\?$/],
  ])('[OPS2] refuses what is not known, and tells the nearest: %j', (sources, line) => {
    expect(wrong(sources)).toEqual([expect.stringMatching(line)]);
  });

  it('[OPS2] refuses an unknown setting of a file, wherever it is in it', () => {
    const path = json({ limits: { veiws: 3 }, limts: {}, __proto__x: 1 });
    expect(wrong({ file: path })).toEqual([
      `limits.veiws (${path}): unknown setting; did you mean limits.views?`,
      `limts (${path}): unknown setting; did you mean limits?`,
      `__proto__x (${path}): unknown setting`,
    ]);
  });

  it('[OPS3] tells all that is wrong at once, by name and place', () => {
    const path = json({ port: 'four', limits: { views: 0 }, checkpoint: 5, colour: 'red' });
    const env = { EDDY_LIMITS_SOCKETS: 'many', EDDY_CHECKPOINT_MS: '1000', EDDY_COLOR: 'red' };
    const lines = wrong({ file: path, env, flags: { idleMs: -1 } });
    expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
      'EDDY_COLOR',
      `port (${path})`,
      `checkpoint (${path})`,
      'idleMs (--idle-ms)',
      `limits.views (${path})`,
      'limits.sockets (EDDY_LIMITS_SOCKETS)',
      `colour (${path})`,
    ]);
  });

  it.each([
    ['{', /Expected|JSON/],
    ['[1]', /not a JSON object/],
    ['7', /not a JSON object/],
  ])('[OPS3] refuses a file that holds %s', (text, words) => {
    expect(wrong({ file: file('eddy.json', text) })).toEqual([expect.stringMatching(words)]);
  });

  it('[OPS3] refuses a file that is not there', () => {
    expect(wrong({ file: 'nowhere.json' })).toEqual([expect.stringMatching(/^nowhere\.json: ENOENT/)]);
  });

  it.each<[ConfigInput, string]>([
    [{ limits: { messageBytes: 2 ** 21 } }, 'limits.messageBytes'],
    [{ limits: { blockSteps: 257 } }, 'limits.blockSteps'],
    [{ limits: { sequences: 999 } }, 'limits.awakeSequences'],
    [{ limits: { queueCloseBytes: 200_000 } }, 'limits.queueLatestBytes'],
    [{ limits: { requestMs: 4000 } }, 'limits.headersMs'],
    [{ ephemeral: true, data: 'here' }, 'ephemeral'],
    [{ adminPort: 4000 }, 'adminPort'],
    [{ tls: { cert: 'c.pem' } as never }, 'tls.key: it is missing'],
  ])('[OPS3] refuses what cannot hold together: %j', (flags, path) => {
    expect(wrong({ flags })).toEqual([expect.stringMatching(new RegExp(`^${path}( |:|$)`))]);
  });

  it.each<ConfigInput>([
    { ephemeral: true },
    { ephemeral: false, data: 'here' },
    { adminPort: 0, port: 0 },
    { adminPort: 4000, adminHost: '::1' },
    { limits: { blockSteps: 300, unackedSteps: 300 } },
  ])('[OPS3] lets pass what can: %j', (flags) => {
    expect(wrong({ flags })).toEqual([]);
  });
});

describe('the settings', () => {
  it('[OPS4] have a variable each, which sets that setting and no other', () => {
    const settings = listSettings();
    expect(new Set(settings.map(({ variable }) => variable)).size).toBe(settings.length);
    expect(settings.find(({ path }) => path === 'limits.unackedSteps')).toEqual({
      path: 'limits.unackedSteps',
      variable: 'EDDY_LIMITS_UNACKED_STEPS',
      type: 'number',
      default: 256,
      unit: 'count',
      min: 1,
      max: 65_536,
      about: LIMITS.unackedSteps.about,
    });
    for (const { about, path } of settings) expect([path, about.length > 8]).toEqual([path, true]);
  });

  it('[OPS5] have every limit, with a default within its range', () => {
    const paths = listSettings().map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith('limits.'))).toEqual(
      LIMIT_NAMES.map((name) => `limits.${name}`),
    );
    for (const name of LIMIT_NAMES) {
      const { value, min, max } = LIMITS[name];
      expect([name, min <= value && value <= max]).toEqual([name, true]);
      expect(
        wrong({ env: { [`EDDY_LIMITS_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`]: String(min - 1) } }),
      ).toEqual([expect.stringContaining(`limits.${name} (`)]);
    }
  });

  it('[OPS5] are those of the table in docs/protocol.md', () => {
    const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
    const rows = page.matchAll(/^\| `(\w+)` \| ([\d,]+) \| (bytes|count|ms|per second) \| (.+) \|$/gm);
    expect(Array.from(rows, ([, name, value, unit, about]) => [name, value, unit, about])).toEqual(
      LIMIT_NAMES.map((name) => {
        const { value, unit, about } = LIMITS[name];
        return [name, value.toLocaleString('en-US'), unit, about];
      }),
    );
  });
});
