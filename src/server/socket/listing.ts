import type { ClientMessageOf, ServerMessageOf } from '../../protocol/messages.js';
import type { Registry } from '../../sequence/registry.js';
import type { Sequence } from '../../sequence/sequence.js';

/** What may be seen. */
interface Listable {
  readonly coversAll: boolean;
  covers(name: string): boolean;
}

/** Sequences in one answer, unless fewer are asked for. */
const LISTED = 100;

/**
 * Answers what sequences there are.
 *
 * @param access of whoever asks: those that it covers are listed
 * @param now milliseconds since 1970
 */
export function listingOf(
  registry: Registry,
  { id: re, after = '', limit = LISTED }: ClientMessageOf<'list'>,
  access: Listable,
  now: number,
): ServerMessageOf<'listing'> {
  const sequences: ServerMessageOf<'listing'>['sequences'] = [];
  for (const { name, sequence } of registry.list(after)) {
    if (!access.covers(name)) continue;
    sequences.push(
      sequence ? { sequence: name, ...detailsOf(sequence, now) } : { sequence: name, awake: false },
    );
    if (sequences.length === limit) break;
  }
  return { type: 'listing', re, total: totalOf(registry, access), sequences };
}

function totalOf(registry: Registry, access: Listable): number {
  if (access.coversAll) return registry.size;
  let total = 0;
  for (const { name } of registry.list()) if (access.covers(name)) total++;
  return total;
}

function detailsOf(sequence: Sequence, now: number) {
  const { isAwake: awake, seq, epoch, spec, lastStepAt } = sequence;
  const age = lastStepAt === null ? null : now - lastStepAt;
  const place = { awake, seq, epoch, age, spec: { ...spec } };
  if (!awake) return place;
  const { learning, updates, anomaly, metrics } = sequence.model;
  const { scored, recentMae, recentSkill } = metrics;
  return { ...place, learning, updates, anomaly, scored, recentMae, recentSkill };
}
