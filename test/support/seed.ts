/** The seed of every test that draws at random: 1, or SEED in the environment. `npm run test:fresh` sets a new one. */
export const SEED = Number(process.env.SEED ?? 1);
