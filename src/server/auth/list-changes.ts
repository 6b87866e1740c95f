import type { TokenEntry } from './tokens.js';

/** The most names that a line of changes has. */
const MOST_NAMES = 100;

/** Tells what a reload changed in the list of tokens: their numbers before and after, and the names of who came, went or changed. */
export function changesOf(before: readonly TokenEntry[], after: readonly TokenEntry[]) {
  const byName = (entries: readonly TokenEntry[]) =>
    new Map(entries.map((entry) => [entry.name, JSON.stringify(entry)]));
  const [old, fresh] = [byName(before), byName(after)];
  const names = (entries: readonly TokenEntry[], isMeant: (name: string) => boolean) =>
    entries.flatMap(({ name }) => (isMeant(name) ? [name] : [])).slice(0, MOST_NAMES);
  return {
    before: { listed: before.length, removed: names(before, (name) => !fresh.has(name)) },
    after: {
      listed: after.length,
      added: names(after, (name) => !old.has(name)),
      changed: names(after, (name) => old.has(name) && old.get(name) !== fresh.get(name)),
    },
  };
}
