#!/usr/bin/env node
// The anomaly scores of labelled series, by `eddy eval` with its defaults, one setting for all files, and what a scorer
// says of them: npm run bench:anomaly -- --data DIR [--out DIR] [--json]
//
// DIR has data/<category>/<file>.csv with the columns timestamp and value, and score.mjs, which is given the folder of
// the results: <category>/<file>.csv with timestamp and anomaly_score, a row for each row.
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from '../support/measure.mjs';

const { values } = parseArgs({
  options: { data: { type: 'string' }, out: { type: 'string' }, json: { type: 'boolean', default: false } },
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
const queue = [...files];
await Promise.all(Array.from({ length: availableParallelism() }, work));
const seconds = (performance.now() - began) / 1000;
const scorer = spawnSync(process.execPath, [join(values.data, 'score.mjs'), out], { encoding: 'utf8' });
if (scorer.status !== 0) throw new Error(scorer.stderr);
const said = scorer.stdout.trim();
console.log(
  values.json
    ? JSON.stringify({ machine: machine(), files: files.length, seconds, out, said })
    : `${said}\n\n${files.length} files in ${seconds.toFixed(1)} s; results in ${out}`,
);

async function work() {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const to = join(out, file);
    mkdirSync(dirname(to), { recursive: true });
    const args = [
      'eval',
      join(data, file),
      '--target',
      'value',
      '--timestamp',
      'timestamp',
      '--predictions',
      to,
    ];
    await new Promise((resolve, reject) =>
      execFile(process.execPath, [eddy, ...args], (error) => (error ? reject(error) : resolve())),
    );
  }
}
