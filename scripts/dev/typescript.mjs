/** The TypeScript compiler, run once for each change: its own watch mode misses changes right after a compilation. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endChild, startNode } from './child.mjs';

export class TypeScript {
  #child = null;

  constructor(root) {
    this.root = root;
  }

  /**
   * Compiles the changed files into dist and prints type errors; the compiler writes JavaScript despite them. Gives the
   * written files, relative to the root.
   */
  async compile() {
    const { root } = this;
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const child = startNode([tsc, '-b', 'tsconfig.build.json', '--listEmittedFiles'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const written = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const file = /^TSFILE: (.*)$/.exec(line)?.[1];
      if (file === undefined) console.log(line);
      else if (file.endsWith('.js')) written.push(file.slice(root.length));
    }
    return written;
  }

  async end() {
    if (this.#child) await endChild(this.#child);
  }
}
