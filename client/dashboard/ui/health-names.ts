/** The health of a sequence in a word or two. */

/** By state, the worst first. */
export const HEALTH: Readonly<Record<string, string>> = {
  diverged: 'diverged',
  silent: 'silent',
  'no-better-than-baseline': 'no better',
  paused: 'paused',
  'warming-up': 'warming up',
  learning: 'learning',
};
