/**
 * A result as one line of JSON that stands for itself: what the client gives, arrays plain, a gap null. Inputs and
 * predictions say what their numbers are, in `names`; those of forecasts how many steps ahead, in `horizons`.
 */
import type { ResultNames } from './result-names.js';

export function resultJson(result: object, names: ResultNames | null): string {
  return JSON.stringify({ ...result, ...labelsOf(result, names) }, (_key, value: unknown) => {
    if (value instanceof Float32Array || value instanceof Float64Array) return Array.from(value, plain);
    return value;
  });
}

const plain = (value: number) => (Number.isNaN(value) ? null : value);

function labelsOf(result: object, names: ResultNames | null) {
  if (names === null) return {};
  if ('x' in result) return { names: names.fields.map(({ name }) => name) };
  if (!('y' in result)) return {};
  const horizons = names.outputs.map(({ horizon }) => horizon);
  return {
    names: names.outputs.map(({ name }) => name),
    ...(horizons.some((horizon) => horizon !== null) && { horizons }),
  };
}
