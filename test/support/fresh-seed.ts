/** Runs around a run with fresh seeds: says how to have the same again, at the beginning and at the end. */
export default function sayFreshSeed() {
  const say = () =>
    console.log(`\nseed ${process.env.SEED}: run the same again with SEED=${process.env.SEED} npm test\n`);
  say();
  return say;
}
