/** The settings one by one, for `eddy config env` and for the environment. */
import { z } from 'zod';
import { configSchema } from './config-schema.js';

export interface Setting {
  /** `limits.unackedSteps` */
  readonly path: string;
  /** `EDDY_LIMITS_UNACKED_STEPS` */
  readonly variable: string;
  readonly type: 'string' | 'number' | 'boolean' | 'array' | 'object';
  readonly default?: unknown;
  readonly about: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

/** The variable that names the configuration file; all others are settings. */
export const FILE_VARIABLE = 'EDDY_CONFIG';

/** The parts of a setting's JSON schema that are used here. */
interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly default?: unknown;
  readonly description?: string;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

/** Lists all settings, in the order of the schema. */
export function listSettings(): Setting[] {
  return settingsOf(z.toJSONSchema(configSchema, { io: 'input' }) as Node, []);
}

function settingsOf({ properties = {} }: Node, path: readonly string[]): Setting[] {
  return Object.entries(properties).flatMap(([key, node]) => {
    const place = [...path, key];
    return node.properties ? settingsOf(node, place) : [settingOf(node, place)];
  });
}

function settingOf(node: Node, path: readonly string[]): Setting {
  const { type, description = '', unit, minimum, maximum } = node;
  return {
    path: path.join('.'),
    variable: variableOf(path),
    type: type === 'integer' ? 'number' : (type as Setting['type']),
    about: description,
    ...(node.default !== undefined && { default: node.default }),
    ...(unit !== undefined && { unit }),
    ...(minimum !== undefined && { min: minimum }),
    ...(maximum !== undefined && { max: maximum }),
    ...(node.enum && { choices: node.enum }),
  };
}

const variableOf = (path: readonly string[]) =>
  ['EDDY', ...path.map((key) => key.replace(/[A-Z]/g, '_$&').toUpperCase())].join('_');

/** Parses the text of a variable; unparsable text passes unchanged, and the schema refuses it. */
export function readText({ type }: Setting, text: string): unknown {
  if (type === 'array') return text.split(',').flatMap((item) => item.trim() || []);
  if (type === 'object') return parsed(text);
  if (type === 'boolean') return { true: true, '1': true, false: false, '0': false }[text] ?? text;
  return type === 'number' && /^-?\d+$/.test(text) ? Number(text) : text;
}

/** Settings that are objects, such as a model spec, are JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
