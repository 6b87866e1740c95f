// The last values of some series: a ring of rows.

/** Is the value of `back` steps ago known? @param known where it says how many rows there were before it was */
@inline
export function knows(known: usize, rows: i32, seen: f64, back: i32): bool {
  return back < rows && seen - <f64>back > load<f64>(known);
}

/** Where the row of `back` steps ago lies. @param slot the newest row. @param width bytes of a row */
@inline
export function rowAt(history: usize, rows: i32, slot: i32, back: i32, width: usize): usize {
  const row = slot - back;
  return history + <usize>(row < 0 ? row + rows : row) * width;
}
