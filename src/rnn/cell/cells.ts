/** The registry of cells. */
import type { CellKind } from './cell.js';
import { gru } from './gru.js';
import { simpleRnn } from './simple-rnn.js';

export const CELLS = { 'simple-rnn': simpleRnn, gru } as const satisfies Record<string, CellKind>;
export type CellName = keyof typeof CELLS;
export const CELL_NAMES = Object.keys(CELLS) as [CellName, ...CellName[]];

export const cellOf = ({ cell = 'simple-rnn' }: { readonly cell?: CellName }): CellKind => CELLS[cell];
