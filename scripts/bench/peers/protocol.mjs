/**
 * How the benchmark speaks with a peer: one process each, one JSON object a line, each request answered once.
 *
 *   (start)                 -> { versions } | { missing }       missing: why the peer cannot run here
 *   { open: Job, seconds }  -> { result, weights? } | { error } makes a session, does the check's work, warms up
 *   { time: seconds }       -> { us } | { error }               microseconds of one step or one update
 *   { close: true }         -> {}
 *
 * Tensors travel as base64 of little-endian float32, row by row.
 */

/** Steps of the check, steps of one update's window, windows of data before it begins anew. */
export const CHECKED_STEPS = 50;
export const WINDOW = 32;
export const WINDOWS = 8;

/**
 * @typedef {'step' | 'update'} Kind
 *
 * @typedef {object} Weights W [F+N,N] is Wx over Wh; b [N], Wy [N,F], by [F]
 * @property {Float32Array} W
 * @property {Float32Array} b
 * @property {Float32Array} Wy
 * @property {Float32Array} by
 *
 * @typedef {object} Job
 * @property {Kind} kind
 * @property {number} features F
 * @property {number} units N
 * @property {number} learningRate
 * @property {Float32Array} x [WINDOWS * WINDOW + 1, F], the last row being the first again
 * @property {Weights} weights
 *
 * @typedef {object} Result What the check compares: h after 50 steps from h = 0, or the weights after one update of
 * the first window from h = 0.
 * @property {Float32Array} [h]
 * @property {Weights} [weights]
 *
 * @typedef {object} Session Carries its state from one call to the next.
 * @property {Weights} [weights] the weights it began with, where it cannot be given any
 * @property {() => Result | Promise<Result>} check called once, first
 * @property {(count: number) => void | Promise<void>} run does `count` steps or updates
 * @property {() => void | Promise<void>} [close]
 *
 * @typedef {object} Peer A module of js/ exports one as `peer`.
 * @property {(form: string) => Promise<Record<string, string>>} load imports what it needs; gives versions
 * @property {(form: string, job: Job) => Session | Promise<Session>} open
 */

/** @param {Float32Array} values */
const encode = (values) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** @param {string} text */
const decode = (text) => new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);

/** Gives one line of JSON for a message, float32 arrays as base64. @param {unknown} message */
export const toLine = (message) =>
  `${JSON.stringify(message, (_, value) => (value instanceof Float32Array ? encode(value) : value))}\n`;

/** Puts float32 arrays back into a parsed message or a part of it. @param {Record<string, any>} message @returns {any} */
export function withTensors(message) {
  const tensors = new Set(['x', 'h', 'W', 'b', 'Wy', 'by']);
  for (const [key, value] of Object.entries(message))
    if (typeof value === 'object' && value !== null) withTensors(value);
    else if (tensors.has(key) && typeof value === 'string') message[key] = decode(value);
  return message;
}
