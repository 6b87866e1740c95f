type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Joins runs of numbers to one, which shares no memory with them unless there is one only. */
export function joinFloats<N extends Numbers>(runs: readonly N[]): N {
  const [only] = runs;
  if (only === undefined || runs.length === 1) return only ?? (new Float32Array(0) as N);
  const make = only.constructor as new (length: number) => N;
  const joined = new make(runs.reduce((length, run) => length + run.length, 0));
  let at = 0;
  for (const run of runs) {
    joined.set(run, at);
    at += run.length;
  }
  return joined;
}
