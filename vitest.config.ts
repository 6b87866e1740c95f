import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    reporters: ['default'],
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
          // pages are drawn 20 times a second, and look at their server once
          expect: { poll: { timeout: 10_000 } },
          include: ['test/browser/**/*.test.ts'],
          // one browser at a time, unpacked once, and after all that would take its processor
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
