// The squared error of predictions, and its gradient at the readout's sums.

/** Stands for a target that did not come. */
const NO_TARGET: f32 = f32.MAX_VALUE;

/**
 * Over T steps of B rows of M outputs: L = sum of error^2, error = (y - target) * served / current, dy = factor dL/dy,
 * where y and target are in units of `served` [T,M] and the loss is in units of `current` [M]. Both are 0 where nothing
 * is scaled. An output without a deviation or without a target counts for nothing. `loss` is that of steps before.
 */
export function squaredError(
  dy: usize,
  y: usize,
  target: usize,
  served: usize,
  current: usize,
  factor: f32,
  T: i32,
  B: i32,
  M: i32,
  loss: f64,
): f64 {
  const twice: f32 = 2 * factor;
  const row = <usize>M << 2;
  for (let t = 0; t < T; t++) {
    for (let r = 0; r < B; r++) {
      for (let j: usize = 0; j < row; j += 4) {
        const wanted = load<f32>(target + j);
        let units: f32 = 1;
        if (current) {
          const deviation = load<f32>(current + j);
          units = deviation > 0 ? load<f32>(served + j) / deviation : 0;
        }
        const counts = units > 0 && wanted != NO_TARGET;
        const error: f32 = counts ? (load<f32>(y + j) - wanted) * units : 0;
        loss += <f64>error * <f64>error;
        store<f32>(dy + j, counts ? twice * error * units : 0);
      }
      dy += row;
      y += row;
      target += row;
    }
    served += row;
  }
  return loss;
}
