/**
 * Reads lines of InfluxDB's protocol in memory: bytes a second, the best of several rounds.
 *
 *   node scripts/bench/influx/main.mjs [--lines 20000] [--rounds 15]     after npm run build
 */
import { parseArgs } from 'node:util';
import { finish } from '../../../dist/src/math/pieces.js';
import { LineReader } from '../../../dist/src/sources/influx/read-lines.js';

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '20000' }, rounds: { type: 'string', default: '15' } },
});
const [lines, rounds] = [Number(values.lines), Number(values.rounds)];
const NS = 1_700_000_000_000_000_000n;

/** Lines as Telegraf sends them: 20 hosts, whole numbers and floats. */
const KINDS = {
  'cpu, 10 floats a line': (i) =>
    `cpu,cpu=cpu${i % 4},host=web-${i % 20} ${['user', 'system', 'idle', 'nice', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'].map((name, f) => `usage_${name}=${(((i * 7919 + f * 104729) % 100000) / 1000).toFixed(3)}`).join(',')}`,
  'mem, 8 whole numbers a line': (i) =>
    `mem,host=web-${i % 20} ${['total', 'used', 'free', 'cached', 'buffered', 'active', 'inactive', 'slab'].map((name, f) => `${name}=${(i * 7919 + f * 104729) * 4096}i`).join(',')}`,
  'weather, 2 floats a line': (i) =>
    `weather,location=us-midwest,season=summer temperature=${80 + (i % 100) / 10},humidity=${40 + (i % 50)}`,
};
for (const [name, line] of Object.entries(KINDS)) {
  const text = Array.from({ length: lines }, (_, i) => `${line(i)} ${NS + BigInt(i) * 1_000_000n}`).join(
    '\n',
  );
  const body = Buffer.from(text);
  const reader = new LineReader('{measurement}.{host}');
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const { refused } = finish(reader.read(body, 'ns'));
    if (refused > 0) throw new Error('lines were refused');
    best = Math.min(best, performance.now() - began);
  }
  const perSecond = body.length / best / 1000;
  console.log(
    `${name.padEnd(30)} ${perSecond.toFixed(0).padStart(4)} MB/s  ${((best * 1e6) / lines).toFixed(0)} ns a line of ${Math.round(body.length / lines)} bytes`,
  );
}
