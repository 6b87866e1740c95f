/**
 * What there is to know of a view on its way: what its messages hold, and what can be done to them. A view is a file beside
 * this one and a line in index.ts; its results are made in sequence/results.
 */
import type { z } from 'zod';
import { joinFloats } from '../join-floats.js';

export interface ViewKind<M, Item> {
  readonly schema: z.ZodType<M>;
  /** Does only a model with a readout have it? */
  readonly needsReadout: boolean;
  /** Has each step one result, with the number of the step? */
  readonly isPerStep: boolean;
  /** Gives the number of results in a message. */
  count(message: M): number;
  /** Gives the number of the step up to which a message holds the results; none where it cannot be told. */
  end(message: M): number | undefined;
  /** Gives only the latest result of a message; `skipped` counts the earlier ones that the subscriber does not get. */
  latest(message: M, skipped: number): M;
  /** Joins messages, oldest first, into one that holds all of them. */
  join(messages: readonly [M, ...M[]]): M;
  /**
   * Takes a message apart: one item for each result. Arrays are copied out of it where it holds several, so that one that
   * is kept does not keep all of them.
   */
  items(message: M): Item[];
}

type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
type Times = Float64Array<ArrayBuffer>;

export interface Rows {
  readonly seq: number;
  readonly count: number;
  readonly skipped: number;
  /** When each step was, in milliseconds since 1970; NaN where that is not known. */
  readonly t: Times;
}

/** What can be done to messages of a view with one vector for each step. */
export const rowsOf = <F extends string, N extends Numbers = Float32Array<ArrayBuffer>>(field: F) => {
  type M = Rows & { readonly [K in F]: N };
  const values = (message: M): N => message[field];
  return {
    isPerStep: true,
    count: ({ count }: M) => count,
    end: ({ seq, count }: M) => seq + count - 1,
    latest: <T extends M>(message: T, skipped: number): T => ({
      ...message,
      seq: message.seq + message.count - 1,
      count: 1,
      skipped,
      t: message.t.slice(-1),
      [field]: values(message).slice(-values(message).length / message.count),
    }),
    join: <T extends M>(messages: readonly [T, ...T[]]): T => ({
      ...messages[0],
      count: messages.reduce((total, { count }) => total + count, 0),
      t: joinFloats(messages.map(({ t }) => t)),
      [field]: joinFloats(messages.map(values)),
    }),
    items: (message: M) => {
      const { seq, count, skipped, t } = message;
      const all = values(message);
      const size = all.length / count;
      return Array.from({ length: count }, (_, i) => ({
        seq: seq + i,
        skipped: i === 0 ? skipped : 0,
        t: timeOf(t[i]),
        // the arrays of a message with one result belong to that result
        [field]: count === 1 ? all : all.slice(i * size, (i + 1) * size),
      })) as ({ seq: number; skipped: number; t: number | null } & { [K in F]: N })[];
    },
  };
};

/** A time, null where it is not known. */
const timeOf = (t = Number.NaN): number | null => (Number.isNaN(t) ? null : t);

/** What can be done to messages of a view with a list of entries. */
export const entriesOf = <F extends string, E extends object>(field: F) => {
  type M = { readonly skipped: number } & { readonly [K in F]: E[] };
  const entries = (message: M): E[] => message[field];
  return {
    isPerStep: false,
    count: (message: M) => entries(message).length,
    latest: <T extends M>(message: T, skipped: number): T => ({
      ...message,
      skipped,
      [field]: entries(message).slice(-1),
    }),
    join: <T extends M>(messages: readonly [T, ...T[]]): T => ({
      ...messages.at(-1)!,
      skipped: messages[0].skipped,
      [field]: messages.flatMap(entries),
    }),
    items: (message: M) =>
      entries(message).map((entry, i) => ({ ...entry, skipped: i === 0 ? message.skipped : 0 })),
  };
};

export interface Stand {
  readonly type: string;
  readonly channel: number;
  readonly seq: number;
  readonly skipped: number;
}

/** What can be done to messages of a view that tells how all stands: only the latest counts. */
export const standOf = <M extends Stand>() => ({
  isPerStep: false,
  count: () => 1,
  end: ({ seq }: M) => seq,
  latest: (message: M, skipped: number): M => ({ ...message, skipped }),
  join: (messages: readonly [M, ...M[]]): M =>
    messages.length === 1 ? messages[0] : { ...messages.at(-1)!, skipped: messages.length - 1 },
  items: (message: M): Omit<M, 'type' | 'channel'>[] => {
    const { type: _type, channel: _channel, ...item } = message;
    return [item];
  },
});
