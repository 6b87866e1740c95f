/** Joins runs of numbers to one, which shares no memory with them unless there is one only. */
export function joinFloats(runs: readonly Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  const [only] = runs;
  if (runs.length === 1 && only) return only;
  const joined = new Float32Array(runs.reduce((length, run) => length + run.length, 0));
  let at = 0;
  for (const run of runs) {
    joined.set(run, at);
    at += run.length;
  }
  return joined;
}
