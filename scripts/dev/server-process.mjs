/** `eddy serve` as a process that can be restarted on the same port and the same data. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endChild, startNode } from './child.mjs';

export class ServerProcess {
  #child = null;
  #port;
  /** Restarts follow one another. */
  #last = Promise.resolve();

  constructor(root, { port, args }) {
    this.main = join(root, 'dist/src/cli/main.js');
    this.#port = port;
    this.args = args;
  }

  /** Ends the process, if there is one, starts it again, and resolves with its URL, or with null if it did not start. */
  restart() {
    this.#last = this.#last.then(() => this.#restart());
    return this.#last;
  }

  async end() {
    await this.#last;
    if (this.#child) await endChild(this.#child);
  }

  async #restart() {
    if (this.#child) await endChild(this.#child);
    const child = startNode([this.main, 'serve', '--json', '--port', String(this.#port), ...this.args], {
      env: { EDDY_LOG_LEVEL: 'warn', ...process.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const line = await new Promise((resolve) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', () => resolve(null));
    });
    if (line === null) return null;
    const url = new URL(JSON.parse(line).url.replace(/^ws/, 'http'));
    this.#port = Number(url.port);
    return url.origin;
  }
}
