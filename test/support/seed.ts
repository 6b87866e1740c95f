/** The seed of every test that draws at random: 1, or the SEED of the environment (vitest.config.ts sets a fresh one). */
export const SEED = Number(process.env.SEED ?? 1);
