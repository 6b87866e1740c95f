/** What a process says besides its log, as lines of JSON like those of its log: whoever reads them meets nothing else. */
import { hostname } from 'node:os';
import { format } from 'node:util';

/** The levels of pino that are used here. */
const WARN = 40;
const ERROR = 50;
const FATAL = 60;

function line(level: number, msg: string, more: object = {}): void {
  const { pid } = process;
  const words = { level, time: Date.now(), pid, hostname: hostname(), ...more, msg };
  process.stderr.write(`${JSON.stringify(words)}\n`);
}

/** Says why the process ends. */
export const sayFatal = (text: string): void => line(FATAL, text.trim());

/**
 * Makes lines of JSON of what Node and libraries would write to stderr in words: warnings, what goes to the console, and
 * the error that ends the process.
 */
export function speakJson(): void {
  console.error = (...words) => line(ERROR, format(...words), { from: 'console' });
  console.warn = (...words) => line(WARN, format(...words), { from: 'console' });
  console.trace = console.warn;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message, stack }) => line(WARN, message, { from: 'node', name, stack }));
  process.on('uncaughtException', (error: unknown) => {
    const { message, stack } = error instanceof Error ? error : new Error(format(error));
    line(FATAL, `an error that nobody handled: ${message}`, { stack });
    process.exit(1);
  });
}
