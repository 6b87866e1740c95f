/** A peer's process: starts it, asks it, ends it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { toLine, withTensors } from './protocol.mjs';
import { findPython } from './python.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** One thread each, whichever library asks. */
const ONE_THREAD = Object.fromEntries(
  ['OMP', 'OPENBLAS', 'MKL', 'BLIS', 'NUMEXPR', 'VECLIB_MAXIMUM'].map((who) => [`${who}_NUM_THREADS`, '1']),
);

/** A request may take this long. */
const PATIENCE_MS = 120_000;

/** @param {import('./roster.mjs').Row} row */
function commandOf({ host, module, form }) {
  if (host === 'javascript') return [process.execPath, here('host.mjs'), module, form];
  const python = findPython(module.replace('_peer', ''));
  return python && [python, here('python/host.py'), module, form];
}

export class PeerProcess {
  /** @param {import('./roster.mjs').Row} row @param {string[]} command */
  constructor(row, [command, ...args]) {
    this.row = row;
    this.child = spawn(command, args, {
      env: { ...process.env, ...ONE_THREAD, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.complaints = '';
    this.child.stderr.on('data', (text) => {
      this.complaints = (this.complaints + text).slice(-2000);
    });
    this.child.stdin.on('error', () => this.child.kill());
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Starts a row's process and waits for its greeting.
   *
   * @param {import('./roster.mjs').Row} row
   * @returns {Promise<{ peer?: PeerProcess, versions?: Record<string, string>, missing?: string }>}
   */
  static async start(row) {
    const command = commandOf(row);
    if (!command) return { missing: `no python3 here has ${row.module.replace('_peer', '')}` };
    const peer = new PeerProcess(row, command);
    const { versions, missing, error } = await peer.answer();
    if (versions) return { peer, versions };
    peer.end();
    return { missing: missing ?? error };
  }

  /** Asks and waits for the answer. @param {object} request @returns {Promise<Record<string, any>>} */
  ask(request) {
    this.child.stdin.write(toLine(request));
    return this.answer();
  }

  end() {
    this.child.stdin.end();
    this.child.kill();
  }

  /** @returns {Promise<Record<string, any>>} the next line; an error where the process ends, as it must if silent too long */
  async answer() {
    let timer;
    const silence = new Promise((resolve) => {
      timer = setTimeout(() => {
        this.end();
        resolve({ value: '{"error":"it does not answer"}' });
      }, PATIENCE_MS);
    });
    const { value } = await Promise.race([this.lines.next(), silence]);
    clearTimeout(timer);
    if (value === undefined) return { error: `it ended: ${this.lastComplaint()}` };
    return withTensors(JSON.parse(value));
  }

  lastComplaint() {
    const lines = this.complaints.split('\n').map((line) => line.trim());
    return lines.findLast((line) => /error/i.test(line)) ?? lines.findLast(Boolean) ?? 'it says nothing';
  }
}
