/** What of a source file may have other bits on another engine. */
import { readFileSync } from 'node:fs';

/** Operations that ECMAScript leaves to the engine: all of Math but what is exact or correctly rounded, and `**`. */
const INEXACT = /Math\.(?!(?:abs|ceil|floor|imul|max|min|PI|round|sign|sqrt|trunc)\b)\w+|\*\*/g;
/Math\.(?!(?:abs|ceil|floor|imul|max|min|PI|round|sign|sqrt|trunc)\b)\w+|(?<=\w|\) ?)\*\*(?! ?\/)/g;

/** Gives each operation in `file` (from the root of the repository) whose last bit is the engine's choice. */
export function inexactOperations(file: string): string[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').match(INEXACT) ?? [];
}
