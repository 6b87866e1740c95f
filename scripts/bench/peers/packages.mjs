/** Loads a peer's package at run time: each is optional, and none is known to the project's own tools. */
import { readFile } from 'node:fs/promises';

export const INSTALL = 'npm ci --prefix scripts/bench/peers --ignore-scripts';

/** A peer that cannot run here; the message says what it lacks. */
export class MissingError extends Error {}

/** @param {string} specifier @param {string} remedy */
export async function load(specifier, remedy = INSTALL) {
  try {
    return await import(specifier);
  } catch (error) {
    if (error?.code === 'ERR_MODULE_NOT_FOUND') throw new MissingError(`not installed: ${remedy}`);
    throw new MissingError(`does not load: ${error.message.split('\n')[0]}`);
  }
}

/** @param {string} name of a package of this folder */
export async function versionOf(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')).version;
}
