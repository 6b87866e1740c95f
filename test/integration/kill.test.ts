import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { killAndCompare } from '../support/kill.js';
import { SEED } from '../support/seed.js';

const folder = mkdtempSync(join(tmpdir(), 'eddy-kill-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 10 kills, or as many as `npm run test:kill` asks for. */
const KILLS = Number(process.env.KILLS ?? 10);

it(
  `[PRF1] a server that is killed ${KILLS} times loses no acked step and counts none twice: the same bits in the end`,
  async () => {
    const began = performance.now();
    const report = await killAndCompare({ folder, kills: KILLS, seed: SEED, life: [100, 900] });
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stderr.write(`${JSON.stringify({ seed: SEED, seconds, ...report })}\n`);
    expect(report).toMatchObject({ kills: KILLS, lost: [], wrong: [], holes: [] });
    expect(Math.min(...Object.values(report.steps))).toBeGreaterThan(10 * KILLS);
    expect(report.seen.states).toBeGreaterThan(10 * KILLS);
  },
  30_000 + 10_000 * KILLS,
);
