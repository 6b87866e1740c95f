/** docs/asyncapi.json: an AsyncAPI document that says of each message what a real conversation has. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import specs from '@asyncapi/specs';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import { CLIENT_MESSAGES, serverMessage } from '../../src/protocol/messages.js';
import { RawClient, startServer } from '../support/server.js';

type Plain = Record<string, unknown>;
const read = (path: string): Plain =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const document = read('docs/asyncapi.json');
const SERVER_MESSAGES = serverMessage.options.map(({ shape }) => shape.type.value);

const at = (path: string): unknown =>
  path
    .slice(2)
    .split('/')
    .reduce<unknown>((place, name) => (place as Plain | undefined)?.[name], document);

const refsIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref } = value as { $ref?: unknown };
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value).flatMap(refsIn)];
};

const schemas = at('#/components/schemas') as Record<string, { properties: Plain }>;
const ajv = new Ajv({ strict: false, validateFormats: false });
const checks = new Map<string, ValidateFunction>(
  Object.entries(schemas).map(([type, schema]) => [type, ajv.compile(schema)]),
);

/** Gives what is wrong with a message by the document; null if nothing is. */
function faultOf(message: Plain): string | null {
  const type = String(message.type);
  const check = checks.get(type);
  if (!check?.(message)) return `${type}: ${JSON.stringify(check?.errors ?? 'unknown')}`;
  const unknown = Object.keys(message).filter((name) => !(name in schemas[type]!.properties));
  return unknown.length > 0 ? `${type} has ${unknown.join(', ')}, which the document does not` : null;
}

describe('docs/asyncapi.json', () => {
  it('[ASY1] is a valid AsyncAPI 3.0 document, whose references lead somewhere, with each message', () => {
    // it brings the schema of schemas along
    const lone = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
    const valid = lone.compile(specs.schemas['3.0.0'] as Plain);
    valid(document);
    expect(valid.errors ?? []).toEqual([]);
    expect(valid({ ...document, info: {} })).toBe(false);
    for (const ref of refsIn(document)) expect(at(ref), ref).toBeDefined();
    expect(Object.keys(at('#/components/messages') as Plain)).toEqual([
      ...CLIENT_MESSAGES,
      ...SERVER_MESSAGES,
    ]);
  });

  it('[ASY2] is what its script writes from the schemas of the server', () => {
    const script = fileURLToPath(new URL('../../scripts/asyncapi.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  });

  it('[ASY3] holds for every frame of a real conversation, of both sides', async () => {
    const { url } = await startServer();
    const client = await RawClient.connect(url, 'json', false);
    const sent: Plain[] = [];
    let ids = 0;
    const say = (message: Plain) => {
      sent.push(message);
      client.send(message);
    };
    const ask = (message: Plain) => {
      const id = ++ids;
      say({ ...message, id });
      return client.find(({ re }) => re === id);
    };
    say({ type: 'hello', version: 1, agent: 'a conversation' });
    const spec = { features: 2, units: 4, learner: { kind: 'tbptt', k1: 4, k2: 8 } };
    const fields = [{ name: 'pressure', unit: 'hPa' }, 'flow'];
    const { channel } = await ask({ type: 'open', sequence: 'pump', mode: 'create', spec, fields });
    const supervised = { features: 1, units: 2, task: { kind: 'supervised', outputs: 1, delay: 8 } };
    const taught = await ask({ type: 'open', sequence: 'taught', mode: 'either', spec: supervised });
    for (const view of ['states', 'predictions', 'inputs', 'updates', 'metrics', 'weights', 'events'])
      await ask({ type: 'subscribe', sequence: 'pump', view, every: 0, ranges: true });
    const x = Array.from({ length: 80 }, (_, i) => Math.sin(0.2 * i));
    const t = Array.from({ length: 40 }, (_, i) => 1_795_651_200_000 + 1000 * i);
    say({ type: 'steps', channel, seq: 0, count: 40, x: [...x.slice(0, 79), null], t });
    await client.find(({ type, seq }) => type === 'ack' && seq === 39);
    say({ type: 'steps', channel, seq: 99, x: [1, 2] });
    await ask({ type: 'append', sequence: 'pump', values: { pressure: 1, flow: null }, key: 'k' });
    await ask({ type: 'append', channel, x: [1, 2], key: 'k' });
    say({ type: 'steps', channel: taught.channel, seq: 0, count: 2, x: [1, 2], targets: [1, 2] });
    await ask({ type: 'targets', channel: taught.channel, seq: 0, targets: [1] });
    await ask({ type: 'configure', channel, learning: false, learningRate: 0.01 });
    await ask({ type: 'reset', channel, what: 'state' });
    for (const type of ['flush', 'checkpoint']) await ask({ type, channel });
    await ask({ type: 'subscribe', sequence: 'pump', view: 'inputs', last: 10 });
    await ask({ type: 'subscribe', sequence: 'pump', view: 'states', after: { epoch: 'another', seq: 3 } });
    await ask({ type: 'list', limit: 10 });
    for (const type of SERVER_MESSAGES) if (type !== 'part') await client.next(type);
    await ask({ type: 'unsubscribe', channel, view: 'states' });
    await ask({ type: 'close', channel });
    await ask({ type: 'remove', sequence: 'taught' });

    expect(new Set(sent.map(({ type }) => type))).toEqual(new Set(CLIENT_MESSAGES));
    const faults = [...sent, ...client.received].flatMap((message) => faultOf(message) ?? []);
    expect(faults).toEqual([]);
    // and it refuses what the server refuses
    for (const wrong of [
      { type: 'steps', seq: 0, x: [1] },
      { type: 'steps', channel: 0, seq: 0, x: [1] },
      { type: 'steps', channel: 1, seq: 0, x: 'AA==' },
      { type: 'close', id: 1, channel: 1, more: true },
      { type: 'subscribe', id: 1, sequence: 'pump', view: 'dreams' },
    ])
      expect(faultOf(wrong)).not.toBeNull();
  });
});
