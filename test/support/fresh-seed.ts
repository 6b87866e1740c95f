/** Runs before and after a test run with a fresh seed, and prints how to repeat that run. */
export default function sayFreshSeed() {
  const say = () =>
    console.log(`\nseed ${process.env.SEED}: repeat with SEED=${process.env.SEED} npm test\n`);
  say();
  return say;
}
