#!/usr/bin/env node
// The anomaly scores of labelled series, by `eddy eval` with its defaults, one setting for all files, and what a scorer
// says of them; and of the same score with the last value as the only forecast:
//   npm run bench:anomaly -- --data DIR [--seeds 1,2,3,4,5] [--out DIR] [--json]
//
// DIR has data/<category>/<file>.csv with the columns timestamp and value, and score.mjs, which is given the folder of
// the results: <category>/<file>.csv with timestamp and anomaly_score, a row for each row.
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseTimestamp } from '../../../dist/src/index.js';
import { AnomalyScore } from '../../../dist/src/rnn/scoring/anomaly.js';
import { machine, table } from '../support/measure.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
if (!values.data) {
  console.error('Which folder? npm run bench:anomaly -- --data DIR');
  process.exit(2);
}
const eddy = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const data = join(values.data, 'data');
const out = values.out ?? mkdtempSync(join(tmpdir(), 'eddy-anomaly-'));
const files = readdirSync(data, { recursive: true })
  .filter((file) => file.endsWith('.csv'))
  .sort();

const began = performance.now();
const seeds = values.seeds.split(',').map(Number);
const results = [];
for (const seed of seeds) {
  const folder = join(out, `seed-${seed}`);
  const queue = [...files];
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(queue, folder, seed)));
  results.push({ forecast: `Eddy, seed ${seed}`, ...scored(folder) });
}
const plain = join(out, 'last-value');
for (const file of files) lastValue(file, plain);
const last = scored(plain);
const mean = results.reduce((sum, { score }) => sum + score, 0) / results.length;
const seconds = (performance.now() - began) / 1000;
if (values.json)
  console.log(JSON.stringify({ machine: machine(), files: files.length, seconds, out, results, mean, last }));
else {
  const row = ({ forecast, score, threshold }) => [forecast, score.toFixed(2), threshold.toFixed(3)];
  console.log(
    `${table(['forecast', 'score', 'threshold'], [...results, { forecast: 'the last value alone', ...last }].map(row))}

Mean of ${seeds.length} seeds ${mean.toFixed(2)}, ${(mean - last.score).toFixed(2)} over the last value alone; ${files.length} files in ${seconds.toFixed(1)} s; results in ${out}`,
  );
}

/** What the scorer says of a folder of results. */
function scored(folder) {
  const scorer = spawnSync(process.execPath, [join(values.data, 'score.mjs'), folder, '--json'], {
    encoding: 'utf8',
  });
  if (scorer.status !== 0) throw new Error(scorer.stderr);
  return JSON.parse(scorer.stdout);
}

async function work(queue, folder, seed) {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const to = join(folder, file);
    mkdirSync(dirname(to), { recursive: true });
    const args = [
      ['eval', join(data, file)],
      ['--target', 'value'],
      ['--timestamp', 'timestamp'],
      ['--seed', String(seed)],
      ['--predictions', to],
    ].flat();
    await new Promise((resolve, reject) =>
      execFile(process.execPath, [eddy, ...args], (error) => (error ? reject(error) : resolve())),
    );
  }
}

/** Writes the same score, with the last value as the only forecast. */
function lastValue(file, folder) {
  const [head, ...lines] = readFileSync(join(data, file), 'utf8').trim().split(/\r?\n/);
  const at = ['timestamp', 'value'].map((name) => head.split(',').indexOf(name));
  const anomaly = new AnomalyScore(1);
  let before = Number.NaN;
  const rows = lines.map((line) => {
    const [time, value] = at.map((place) => line.split(',')[place]);
    const score = anomaly.score([Number(value)], [before], null, parseTimestamp(time));
    before = Number(value);
    return `${time},${score}`;
  });
  const to = join(folder, file);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, `timestamp,anomaly_score\n${rows.join('\n')}\n`);
}
