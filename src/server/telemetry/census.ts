/** Numbers that are taken on scrape: sockets, views, sequences, requests that wait, bytes of the store. */
import type { LearningOfMany } from '../../sequence/learning-of.js';
import type { Registry } from '../../sequence/registry.js';
import { matcherOf } from '../auth/pattern.js';
import { MOST_LEARNING } from './learning-metrics.js';

export interface Census {
  socketCount(): number;
  viewCount(): number;
  /** Sequences in memory with their model, and sequences asleep. */
  sequenceCounts(): { readonly awake: number; readonly asleep: number };
  /** Sequences in memory, by their health. */
  healthCounts(): Readonly<Record<string, number>>;
  /** Requests that wait for their turn. */
  waitingCount(): number;
  /** Bytes of the store's file, and of the pages of the past in it. */
  storeBytes(): { readonly file: number; readonly pages: number };
  /** How the sequences learn that are to be told of, and how many more there are. */
  learning(): LearningOfMany;
}

export interface CensusParts {
  readonly registry: Registry;
  /** The sockets and their views. */
  readonly gateway: { readonly size: number; readonly viewCount: number };
  /** The sequences to tell of; null for none. */
  readonly metricsSequences: string | null;
}

export function createCensus({ registry, gateway, metricsSequences }: CensusParts): Census {
  const isChosen = metricsSequences === null ? null : matcherOf(metricsSequences);
  return {
    socketCount: () => gateway.size,
    viewCount: () => gateway.viewCount,
    sequenceCounts: () => ({ awake: registry.awakeSize, asleep: registry.size - registry.awakeSize }),
    healthCounts: () => registry.healthCounts(),
    waitingCount: () => registry.turns.waitingBeside,
    storeBytes: () => registry.storeBytes,
    learning: () => (isChosen ? registry.learningOf(isChosen, MOST_LEARNING) : { sequences: [], leftOut: 0 }),
  };
}
