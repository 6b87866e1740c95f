/** What no file of the server and the client may do: measure time by a clock that can be set, or drop a promise. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { droppedPromises } from './support/dropped-promises.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The texts of all sources, by file. */
function sources(...folders: string[]): Record<string, string> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  const own = files.filter((file) => file.endsWith('.ts') && !/\/(dist|node_modules|assembly)\//.test(file));
  return Object.fromEntries(own.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');

/** What reads the clock of the wall: JavaScript's, and RxJS's schedulers, whose `now` is the same. */
const WALL: readonly (readonly [what: string, sign: RegExp])[] = [
  ['Date.now', /\bDate\s*\.\s*now\b/],
  ['new Date()', /\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )\bDate\(\s*\)/],
  ['a scheduler', /[sS]cheduler\s*\.\s*now\b|\bdateTimestampProvider\b/],
  [
    'an operator that asks a scheduler for the time',
    /(?<![.\w])(?:timestamp|timeInterval|debounceTime|windowTime|bufferTime|timeoutWith)\s*(?:<[^>]*>)?\(/,
  ],
  ['a replay by age', /new ReplaySubject(?:<[^>]*>)?\([^,()]+,/],
  ['the wall clock of the server', /\bwall\(\)/],
];

/** Where the time of day is meant, and why. */
const MEANT: Readonly<Record<string, string>> = {
  'src/clock.ts Date.now': 'the wall clock itself',
  'src/clock.ts the wall clock of the server': 'its declaration',
  'src/cli/shared/json-words.ts Date.now': 'the time of a line of the log',
  'src/cli/commands/watch.ts Date.now': 'an hour of the past that the user names',
  'src/cli/commands/sequences.ts Date.now': 'how long ago a step came that another process has written down',
  'src/cli/commands/token.ts Date.now': 'when a token expires',
  'client/sdk/link.ts a scheduler': 'of a test only: otherwise the monotonic clock',
  'src/sequence/checkpoints.ts the wall clock of the server': 'when a checkpoint was made',
  'src/sequence/registry.ts the wall clock of the server': 'when a sequence was exported',
  'src/sequence/transfer.ts the wall clock of the server': 'when a sequence was imported',
  'src/sequence/last-told.ts the wall clock of the server': 'when the last step came, for after a restart',
  'src/sequence/local-directory.ts the wall clock of the server':
    'how long one that sleeps has been silent, after a restart too',
  'src/sequence/sequence-health.ts the wall clock of the server': 'the same, until a step comes',
  'src/sequence/open-sequence.ts the wall clock of the server':
    'when a page of the past was written; its age ends it',
  'src/sequence/past/track.ts the wall clock of the server': 'the same',
  'src/sequence/put-together.ts the wall clock of the server': 'the time of steps that bring none',
  'src/server/create-server.ts the wall clock of the server': 'when a token expires',
  'src/server/http/metrics-door.ts the wall clock of the server': 'when a token expires',
  'src/cli/commands/webhook.ts the wall clock of the server': 'when a notice was sent',
  'src/cli/sequences/sequence-files.ts Date.now': 'when a sequence was exported',
  'src/server/alerts/sequence-follower.ts the wall clock of the server':
    'the time it counts from, so that what it keeps is understood after a restart',
  'src/server/http/api/door.ts the wall clock of the server': 'when a token expires',
  'src/server/http/api/event-stream.ts the wall clock of the server': 'when a token expires',
  'src/server/webhooks/post.ts the wall clock of the server': 'the time that a signature holds',
  'src/server/webhooks/webhooks.ts the wall clock of the server':
    'how long a notice has waited, after a restart too',
  'src/server/webhooks/delivery.ts the wall clock of the server':
    'how old a notice is, after a restart too, and the date of Retry-After',
  'src/server/socket/connection.ts the wall clock of the server': 'when a token expires',
  'src/server/socket/greeter.ts the wall clock of the server': 'when a token expires',
};

/** Gives `file what` for all that reads the wall clock. */
const readings = (files: Record<string, string>): string[] =>
  Object.entries(files).flatMap(([file, text]) =>
    WALL.filter(([, sign]) => sign.test(withoutComments(text))).map(([what]) => `${file} ${what}`),
  );

describe('the sources', () => {
  it('[CLK1] read the wall clock only where the time of day is meant', () => {
    expect(readings(sources('src', 'client/sdk')).sort()).toEqual(Object.keys(MEANT).sort());
  });

  it.each([
    ['const t = Date.now();', 'Date.now'],
    ['parts(Date.now)', 'Date.now'],
    ['const t = +new Date();', 'new Date()'],
    ['const t = new Date;', 'new Date()'],
    ['const t = asyncScheduler.now();', 'a scheduler'],
    ['const { now } = this.parts.scheduler.now', 'a scheduler'],
    ['x$.pipe(debounceTime(5))', 'an operator that asks a scheduler for the time'],
    ['x$.pipe(timestamp<number>())', 'an operator that asks a scheduler for the time'],
    ['new ReplaySubject<void>(1, 500)', 'a replay by age'],
    ['const t = clock.wall();', 'the wall clock of the server'],
  ])('[CLK1] would be caught with %s', (text, what) => {
    expect(readings({ f: text })).toEqual([`f ${what}`]);
  });

  it('[CLK1] may make a date of a time, name the clock in a comment, and replay without an age', () => {
    const text = '// Date.now()\nnew Date(ms); new ReplaySubject<void>(1); /* asyncScheduler.now() */';
    expect(readings({ f: text })).toEqual([]);
  });

  it('[DEV4] drop no promise', () => {
    expect(droppedPromises(sources('src', 'client/sdk', 'client/dashboard'))).toEqual([]);
  });

  it('[DEV4] would be caught dropping one, wherever its function is declared', () => {
    const files = {
      'store.ts': 'export interface Store { flushed(): Promise<void>; close(): void }',
      'use.ts':
        'import type { Store } from "./store.js"; export function use(s: Store) { s.flushed(); void s.flushed(); s.close(); }',
      'maybe.ts': 'const go = async () => undefined; export const run = (o?: { go(): void }) => { go(); }',
      'await.ts':
        'async function load() {} export async function all() { await load(); load(); return load(); }',
    };
    expect(droppedPromises(files)).toEqual(['use.ts: flushed', 'await.ts: load']);
  });
});
