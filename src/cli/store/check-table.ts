/** What `eddy store check` tells, as a table: one sequence a line. */
import type { SequenceReport } from '../../store/log/store-check.js';
import { grouped } from '../shared/terminal.js';

const HEAD = ['sequence', 'steps', 'checkpoints', 'pages', 'bytes', 'state'];
const NONE = '-';

/** Gives the lines of the table, aligned; numbers end in line. */
export function checkTable(sequences: readonly SequenceReport[]): string[] {
  const cells = [HEAD, ...sequences.map(cellsOf)];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  return cells.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : i === 5 ? cell : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

const cellsOf = ({ sequence, steps, checkpoints, pages, bytes, damage }: SequenceReport): string[] => [
  sequence,
  steps === null ? NONE : grouped(steps),
  grouped(checkpoints),
  grouped(pages),
  grouped(bytes),
  damage.length === 0 ? 'whole' : damage.join('; '),
];
