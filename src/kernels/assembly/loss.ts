// The squared error of predictions, and its gradient at the readout's sums.

/**
 * Over T steps of B rows of M outputs: L = sum of ((y - target) / current)^2, dy = factor dL/dsum, where a sum moves y by
 * `served` [T,M] and the loss is in units of `current` [M]. Both are 0 where nothing is scaled. An output whose current
 * deviation is 0 counts for nothing.
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
): f64 {
  const twice: f32 = 2 * factor;
  const row = <usize>M << 2;
  let loss: f64 = 0;
  for (let t = 0; t < T; t++) {
    for (let r = 0; r < B; r++) {
      for (let j: usize = 0; j < row; j += 4) {
        let error: f32 = load<f32>(y + j) - load<f32>(target + j);
        let slope: f32 = 1;
        if (current) {
          const deviation = load<f32>(current + j);
          error = deviation > 0 ? error / deviation : 0;
          slope = deviation > 0 ? load<f32>(served + j) / deviation : 0;
        }
        loss += <f64>error * <f64>error;
        store<f32>(dy + j, twice * error * slope);
      }
      dy += row;
      y += row;
      target += row;
    }
    served += row;
  }
  return loss;
}
