import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { killAndCompare } from '../support/kill.js';
import { SEED } from '../support/seed.js';

const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'eddy-kill-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

/** 10 kills, or as many as `npm run test:kill` asks for; migration.test.ts has a tenth of them. */
const KILLS = Number(process.env.KILLS ?? 10);
const share = (of: number) => Math.max(1, Math.round(KILLS * of));

/** Sequences are saved every 64 steps, and more sequences are in use than may be awake, so that they fall asleep and wake all the time. */
const SAVING = {
  EDDY_CHECKPOINT_STEPS: '64',
  EDDY_CHECKPOINT_MS: '100',
  EDDY_LIMITS_AWAKE_SEQUENCES: '3',
};

it.each([
  { what: 'as it is', kills: share(0.4), env: {}, isBackedUp: false },
  { what: 'as it saves and wakes its sequences', kills: share(0.4), env: SAVING, isBackedUp: false },
  { what: 'as it is backed up', kills: share(0.1), env: {}, isBackedUp: true },
])(
  '[PRF1] a server that is killed $kills times, $what, loses no acked step and counts none twice: the same bits in the end',
  async ({ kills, env, isBackedUp }) => {
    const began = performance.now();
    const backups = isBackedUp ? { backups: folder() } : {};
    const life = isBackedUp ? ([1000, 2500] as const) : ([100, 900] as const);
    const report = await killAndCompare({ folder: folder(), kills, seed: SEED, life, env, ...backups });
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stderr.write(`${JSON.stringify({ seed: SEED, seconds, env, ...report })}\n`);
    expect(report).toMatchObject({ kills, lost: [], wrong: [], holes: [] });
    expect(Math.min(...Object.values(report.steps))).toBeGreaterThan(10 * kills);
    expect(report.seen.states).toBeGreaterThan(10 * kills);
    if (isBackedUp) expect(report.backups.whole).toBeGreaterThan(0);
  },
  60_000 + 10_000 * KILLS,
);
