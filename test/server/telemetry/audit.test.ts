/** What the audit says of who did what, and where. */
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRefusalAudit } from '../../../src/server/auth/refusal-audit.js';
import { type AuditEvent, createAudit } from '../../../src/server/telemetry/audit.js';
import { AuditFile } from '../../../src/server/telemetry/audit-file.js';
import { newToken, tokenFile } from '../../support/access.js';
import { RawClient, startServer } from '../../support/server.js';

const SPEC = { features: 1, units: 2, task: { kind: 'supervised', outputs: 1 } };
type Line = Record<string, unknown>;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eddy-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const without = ({ time: _time, ...line }: Line) => line;

/** A logger, and what it wrote. */
function logged(level = 'info') {
  const log: Line[] = [];
  const logger = pino({ level }, { write: (line: string) => log.push(JSON.parse(line) as Line) });
  return { log, logger, audited: () => log.filter(({ audit }) => audit) };
}

describe('the audit of a server', () => {
  it('[AUD1] has a line for each act, with who, what, and the old and the new value', async () => {
    const [admin, producer] = [
      newToken(['admin'], ['*'], { name: 'ann' }),
      newToken(['produce'], ['*'], { name: 'pump' }),
    ];
    const auditLog = join(folder, 'audit.log');
    const { audited, logger } = logged();
    const { url, httpUrl } = await startServer({}, 0, {
      security: { tokens: tokenFile(admin, producer) },
      logger,
      auditLog,
    });
    const client = await RawClient.connect(url, 'json', true, bearer(admin.token));
    const opened = await client.request({
      type: 'open',
      sequence: 'a',
      mode: 'either',
      spec: { ...SPEC, optimizer: { kind: 'sgd', learningRate: 0.5 } },
    });
    const { channel, epoch } = opened;
    await client.request({ type: 'open', sequence: 'a', mode: 'either' });
    await client.request({ type: 'configure', channel, learningRate: 0.25 });
    await client.request({ type: 'configure', channel, learning: false });
    await client.request({ type: 'reset', channel, what: 'weights' });
    client.send({ type: 'steps', channel, seq: 0, x: [1] });
    await client.next('ack');
    await client.request({ type: 'checkpoint', channel });
    const file = await (await fetch(`${httpUrl}/sequences/a/export`, bearer(admin.token))).arrayBuffer();
    const put = { ...bearer(admin.token), method: 'PUT', body: file };
    await fetch(`${httpUrl}/sequences/b`, {
      ...put,
      headers: { ...put.headers, 'content-type': 'application/octet-stream' },
    });
    await client.request({ type: 'remove', sequence: 'b' });
    // what is refused, or changes nothing, is none of these
    const other = await RawClient.connect(url, 'json', true, bearer(producer.token));
    expect(await other.request({ type: 'remove', sequence: 'a' })).toMatchObject({
      code: 'permission-denied',
    });
    await client.request({ type: 'configure', channel, learningRate: -1 });
    await client.request({ type: 'list' });

    const by = { audit: true, who: 'ann', address: '127.0.0.1' };
    const on = { ...by, connection: 1, sequence: 'a' };
    const lines = linesOf(auditLog);
    const fresh = (lines[3]?.after as Line | undefined)?.epoch;
    expect(fresh).not.toBe(epoch);
    expect(lines.map(without)).toEqual([
      { ...on, what: 'open', after: { epoch, cell: 'simple-rnn', features: 1, units: 2 } },
      {
        ...on,
        what: 'configure',
        before: { learning: true, learningRate: 0.5 },
        after: { learning: true, learningRate: 0.25 },
      },
      {
        ...on,
        what: 'configure',
        before: { learning: true, learningRate: 0.25 },
        after: { learning: false, learningRate: 0.25 },
      },
      { ...on, what: 'reset', before: { epoch }, after: { epoch: fresh, reset: 'weights' } },
      { ...on, what: 'checkpoint', after: { epoch: fresh, seq: 0 } },
      { ...by, what: 'export', sequence: 'a', after: { bytes: file.byteLength } },
      { ...by, what: 'import', sequence: 'b', after: { bytes: file.byteLength } },
      { ...on, what: 'remove', sequence: 'b' },
    ]);
    for (const { time } of lines) expect(Date.parse(String(time))).toBeGreaterThan(0);
    expect(
      audited().map(({ what, who, sequence, before, after }) => ({ what, who, sequence, before, after })),
    ).toEqual(
      lines.map(({ what, who, sequence, before, after }) => ({ what, who, sequence, before, after })),
    );
  });

  it('[AUD1] names the address where nobody needs a token, and this process where there is none', async () => {
    const { audited, logger } = logged();
    const { url, server } = await startServer({}, 0, { logger });
    await (await RawClient.connect(url)).open('a', SPEC);
    const client = await server.client();
    await client.open('b', { spec: { features: 1, units: 2 } }).opened;
    expect(audited().map(({ who, sequence }) => [who, sequence])).toEqual([
      ['127.0.0.1', 'a'],
      ['this process', 'b'],
    ]);
  });

  it('[AUD2] says who came to the list of tokens, who went and who changed, and names no token', async () => {
    const [stays, goes, comes] = ['stays', 'goes', 'comes'].map((name) =>
      newToken(['produce'], ['*'], { name }),
    );
    const tokens = tokenFile(stays!, goes!);
    const { audited, logger, log } = logged();
    const { server } = await startServer({}, 0, { security: { tokens }, logger });
    writeFileSync(tokens, JSON.stringify([{ ...stays!.entry, roles: ['admin'] }, comes!.entry]));
    await server.reload();
    expect(audited()).toMatchObject([
      {
        what: 'reload',
        who: 'operator',
        before: { listed: 2, removed: ['goes'] },
        after: { listed: 2, added: ['comes'], changed: ['stays'] },
      },
    ]);
    for (const { entry, token } of [stays!, goes!, comes!])
      for (const secret of [entry.hash, token]) expect(JSON.stringify(log)).not.toContain(secret);
  });

  it('[AUD2] says who was refused and why, without the token', async () => {
    const { audited, logger } = logged();
    const { httpUrl } = await startServer({}, 0, {
      security: { tokens: tokenFile(newToken(['produce'])) },
      logger,
    });
    await fetch(`${httpUrl}/sequences/a/export`, bearer('not-a-token'));
    expect(audited()).toMatchObject([
      { what: 'refused', who: '127.0.0.1', reason: 'the token is unknown', msg: 'a token was refused' },
    ]);
    expect(JSON.stringify(audited())).not.toContain('not-a-token');
  });

  it('[AUD2] says so at most 10 times a second, and then how often it did not', () => {
    const said: AuditEvent[] = [];
    let now = 0;
    const refused = createRefusalAudit(
      (event) => said.push(event),
      () => now,
    );
    for (let i = 0; i < 25; i++) refused(`10.0.0.${i}`, 'no');
    expect(said).toHaveLength(10);
    now += 1000;
    refused('10.0.0.99', 'no');
    expect(said.at(-1)).toMatchObject({ who: '10.0.0.99', suppressed: 15 });
  });
});

describe('the lines of the audit', () => {
  const event = { what: 'remove', who: 'ann', address: null, sequence: 'a' } as const;

  it('[AUD3] are in the log whatever its level, and nowhere if it is silent', () => {
    for (const level of ['debug', 'warn', 'error', 'silent']) {
      const { audited, logger } = logged(level);
      createAudit({ logger, file: null, now: () => 0 })(event);
      expect(audited()).toHaveLength(level === 'silent' ? 0 : 1);
    }
  });

  it('[AUD3] are appended to a file that only its owner can read, and go on in a new one after a reload', async () => {
    const path = join(folder, 'audit.log');
    const { logger } = logged();
    const { server, url } = await startServer({}, 0, { logger, auditLog: path });
    const client = await RawClient.connect(url);
    await client.open('a', SPEC);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    renameSync(path, `${path}.1`);
    await client.open('b', SPEC);
    await server.reload();
    await client.open('c', SPEC);
    expect(linesOf(`${path}.1`).map(({ what, sequence }) => sequence ?? what)).toEqual(['a', 'b', 'reload']);
    expect(linesOf(path).map(({ sequence }) => sequence)).toEqual(['c']);
    const { server: next } = await startServer({}, 0, { logger, auditLog: path });
    await next.stop();
    expect(linesOf(path)).toHaveLength(1);
  });

  it('[AUD3] are not written to what others could write, or to no file', () => {
    const { logger } = logged();
    const path = join(folder, 'audit.log');
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    symlinkSync(path, join(folder, 'link'));
    for (const [file, why] of [
      [path, 'can be written by other users'],
      [join(folder, 'link'), 'ELOOP'],
      [folder, 'EISDIR'],
      ['/dev/null', 'is not a file'],
      [join(folder, 'no', 'where'), 'ENOENT'],
    ])
      expect(() => new AuditFile({ path: file!, logger }), file).toThrow(
        new RegExp(`setting-invalid|${why}`),
      );
  });

  it('[AUD4] that the file has no room for are told of once, counted, and in the log; the server goes on', () => {
    const path = join(folder, 'audit.log');
    const { log, logger, audited } = logged();
    let room = Number.POSITIVE_INFINITY;
    const write = (descriptor: number, bytes: Uint8Array) => {
      if (room === 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      const written = writeSync(descriptor, bytes.subarray(0, room));
      room -= written;
      return written;
    };
    const audit = createAudit({ logger, file: new AuditFile({ path, logger, write }), now: () => 0 });
    const say = (sequence: string) => audit({ ...event, sequence });
    say('a');
    room = 10;
    for (const sequence of ['b', 'c', 'd']) say(sequence);
    room = Number.POSITIVE_INFINITY;
    for (const sequence of ['e', 'f']) say(sequence);
    expect(audited().map(({ sequence }) => sequence)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(log.filter(({ level }) => level === 50)).toHaveLength(1);
    expect(log.filter(({ msg }) => msg === 'the audit file is written again')).toHaveLength(1);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    // the second is the torn beginning of a line
    expect(lines).toHaveLength(5);
    expect([0, 2, 3, 4].map((i) => JSON.parse(lines[i]!) as Line)).toMatchObject([
      { sequence: 'a' },
      { what: 'missed', count: 3 },
      { sequence: 'e' },
      { sequence: 'f' },
    ]);
  });
});
