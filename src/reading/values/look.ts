/** What a cell looks like, before anything is known of its column. */
import { looksLikeTime } from '../time/time-forms.js';
import { isNumberLike } from './number-form.js';
import { type MissingWords, switchOf } from './words.js';

export type Look = 'gap' | 'number' | 'time' | 'switch' | 'text';

export function lookOf(cell: string, missing: MissingWords): Look {
  const text = cell.trim();
  if (missing.has(text)) return 'gap';
  if (isNumberLike(text)) return 'number';
  if (looksLikeTime(text)) return 'time';
  return Number.isNaN(switchOf(text)) ? 'text' : 'switch';
}
