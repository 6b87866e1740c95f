/**
 * The configuration of a server: defaults < file < environment < flags. All problems are reported at once, each by name
 * and by where it was set.
 */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { EddyError } from '../../errors.js';
import { type Config, configSchema, contradictions, type Problem } from './config-schema.js';
import { FILE_VARIABLE, listSettings, readText, type Setting } from './config-settings.js';
import { nearest } from './nearest.js';

export interface ConfigSources {
  /** JSON file; by default the one that EDDY_CONFIG names, if any. */
  readonly file?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values from the command line; undefined means not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

type Tree = Readonly<Record<string, unknown>>;

/** Variables that belong to the clients. */
const OTHER_VARIABLES = ['EDDY_TOKEN', FILE_VARIABLE];

/** @throws EddyError `config-invalid`, with one line per problem */
export function loadConfig({ file, env = {}, flags = {} }: ConfigSources): Config {
  const settings = listSettings();
  const path = file ?? env[FILE_VARIABLE];
  const said = path === undefined ? {} : readTree(path);
  const { tree, problems } = treeOf(env, settings);
  const given = [
    { values: withoutUndefined(flags), nameOf: (at: string) => `--${dashed(at)}` },
    { values: tree, nameOf: (at: string) => settings.find((one) => one.path === at)?.variable ?? '' },
    { values: said, nameOf: () => path ?? '' },
  ];
  /** The source that set a path; of an item of a list, that of the list. */
  const sourceOf = (path: string) => {
    const at = path.replace(/\.\d+(\..*)?$/, '');
    const there = given.filter(({ values }) => valueAt(values, at) !== undefined);
    return (there.find(({ values }) => !isTree(valueAt(values, at))) ?? there[0])?.nameOf(at);
  };
  const merged = given.reduceRight<Tree>((below, { values }) => merge(below, values), {});
  const result = configSchema.safeParse(merged);
  const found = result.success
    ? contradictions(result.data, (at) => sourceOf(at) !== undefined)
    : result.error.issues.flatMap((issue) => problemsOf(issue, settings));
  const lines = [...problems, ...found].map((problem) => lineOf(problem, sourceOf(problem.path)));
  if (!result.success || lines.length > 0) throw new EddyError('config-invalid', lines.join('\n'));
  return result.data;
}

function readTree(path: string): Tree {
  try {
    const tree: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isTree(tree)) return tree;
  } catch (error) {
    throw new EddyError('config-invalid', `${path}: ${(error as Error).message}`, { cause: error });
  }
  throw new EddyError('config-invalid', `${path}: not a JSON object`);
}

function treeOf(env: NonNullable<ConfigSources['env']>, settings: readonly Setting[]) {
  const problems: Problem[] = [];
  let tree: Tree = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('EDDY_') || OTHER_VARIABLES.includes(name) || text === undefined) continue;
    const setting = settings.find(({ variable }) => variable === name);
    if (setting) tree = merge(tree, nest(setting.path.split('.'), readText(setting, text)));
    else {
      const names = [...settings.map(({ variable }) => variable), ...OTHER_VARIABLES];
      problems.push(unknown(name, 'variable', nearest(name, names)));
    }
  }
  return { tree, problems };
}

function problemsOf(issue: z.core.$ZodIssue, settings: readonly Setting[]): Problem[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys')
    return [
      { path, message: issue.message.endsWith('received undefined') ? 'it is missing' : issue.message },
    ];
  const known = settings.map((one) => one.path);
  const groups = known.flatMap((one) => (one.includes('.') ? one.slice(0, one.indexOf('.')) : []));
  return issue.keys.map((key) => {
    const full = path ? `${path}.${key}` : key;
    return unknown(full, 'setting', nearest(full, [...known, ...groups]));
  });
}

const unknown = (path: string, kind: string, meant: string | undefined): Problem => ({
  path,
  message: `unknown ${kind}${meant ? `; did you mean ${meant}?` : ''}`,
});

const lineOf = ({ path, message }: Problem, source: string | undefined) =>
  `${path}${source ? ` (${source})` : ''}: ${message}`;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Merges one tree over another. A lower value that is not a tree stays, and the schema reports it. */
function merge(below: Tree, above: Tree): Tree {
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    const under = merged.get(key);
    if (!isTree(value) || under === undefined) merged.set(key, value);
    else if (isTree(under)) merged.set(key, merge(under, value));
  }
  return Object.fromEntries(merged);
}

const nest = ([key = '', ...rest]: readonly string[], value: unknown): Tree => ({
  [key]: rest.length > 0 ? nest(rest, value) : value,
});

function valueAt(tree: Tree, path: string): unknown {
  let value: unknown = tree;
  for (const key of path.split('.'))
    value = isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** Removes undefined values, and trees that contain nothing else. */
function withoutUndefined(tree: Tree): Tree {
  const said = Object.entries(tree).map(([key, value]) => [
    key,
    isTree(value) ? withoutUndefined(value) : value,
  ]);
  return Object.fromEntries(
    said.filter(([, value]) => value !== undefined && !(isTree(value) && Object.keys(value).length === 0)),
  );
}

const dashed = (path: string) =>
  path.replace('.', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
