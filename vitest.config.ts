import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';

// every run uses the same seed, unless `npm run test:fresh` or SEED asks for another
const isFresh = process.env.SEED === 'fresh';
if (isFresh) process.env.SEED = String(randomInt(2 ** 31));

export default defineConfig({
  test: {
    // generous, because a busy machine is slow: only a test that hangs reaches these limits
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default'],
    globalSetup: isFresh ? ['test/support/fresh-seed.ts'] : [],
    setupFiles: ['test/support/fixed-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/**/*.test-d.ts'],
            tsconfig: 'tsconfig.types.json',
            // `npm run check:types` checks the sources, each folder by its own settings
            ignoreSourceErrors: true,
          },
        },
      },
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: ['test/browser/**'] },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          // one browser at a time, unpacked once, and after all that would take its processor
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
