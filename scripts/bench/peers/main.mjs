#!/usr/bin/env node
/**
 * Measures Eddy beside its peers: `node scripts/bench/peers/main.mjs [--json] [--only name,...] [--quick]`. A peer that
 * is not installed is skipped with a note; one whose numbers are not the same is told as failing and not timed.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measure } from './measure.mjs';
import { PeerProcess } from './process.mjs';
import { format } from './report.mjs';
import { choose } from './roster.mjs';
import { makeJob, SIZES } from './work.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const pace = options.quick
  ? { rounds: 3, seconds: 0.05, warmUp: 0.2 }
  : { rounds: 7, seconds: 0.2, warmUp: 0.6 };

/** @param {string} line progress, where somebody looks on */
const tell = (line) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${line}`);

const [{ model: cpu }] = cpus();
const machine = { cpu, cores: cpus().length, load: loadavg()[0] };
const versions = {};
const skipped = [];
/** @type {PeerProcess[]} */
const peers = [];
try {
  for (const row of choose(options.only.split(',').filter(Boolean))) {
    tell(`starts ${row.name}`);
    const { peer, versions: own, missing } = await PeerProcess.start(row);
    if (peer) peers.push(peer);
    else skipped.push({ name: row.name, why: missing });
    Object.assign(versions, own);
  }
  const results = [];
  for (const [features, units] of SIZES)
    for (const kind of /** @type {const} */ (['step', 'update'])) {
      tell(`measures ${kind}s of (${features},${units})`);
      const able = peers.filter(({ row }) => row.kinds.includes(kind));
      const figures = await measure(able, makeJob(kind, features, units), pace);
      results.push({ kind, features, units, figures });
    }
  tell('');
  const date = new Date().toISOString().slice(0, 10);
  const report = { machine, node: process.versions.node, date, versions, pace, results, skipped };
  console.log(options.json ? JSON.stringify(report, null, 2) : format(report));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const peer of peers) peer.end();
}
