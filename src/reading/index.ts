/** The reader of sensor files: bytes or text in, rows out; in Node and in a page. */
export type { Chunk } from './chunks.js';
export { namedFormat } from './named-format.js';
export { openReading, type Reading } from './open-reading.js';
export * from './reading.js';
export { fieldText, formatText, listed, tellChoice, tellReport, timeText } from './telling.js';
export { lineOf, namesOf } from './text/csv-cells.js';
