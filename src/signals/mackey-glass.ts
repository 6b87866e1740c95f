/**
 * The series of Mackey and Glass (1977), which models a blood count regulated with a delay:
 * dx/dt = .2 x(t - tau) / (1 + x(t - tau)^10) - .1 x(t). Chaotic from tau = 17 on.
 */
export interface MackeyGlassOptions {
  /** The delay in time units, at least `step`. */
  readonly tau?: number;
  /** x at t <= 0. Another start gives another series. */
  readonly start?: number;
  /** Integration steps per time unit. */
  readonly steps?: number;
}

/**
 * Yields x at t = 0, 1, 2, ... by the classical Runge-Kutta method, with linear interpolation of the delayed x, so that
 * halving the step quarters the error. The first few hundred numbers are still approaching the attractor.
 *
 * @throws RangeError if the delay is below one step, or `steps` is not a positive integer
 */
export function* mackeyGlass({
  tau = 17,
  start = 1.2,
  steps = 10,
}: MackeyGlassOptions = {}): Generator<number, never, void> {
  if (!Number.isSafeInteger(steps) || steps < 1) throw new RangeError('steps must be a positive integer');
  const delay = tau * steps;
  if (!(delay >= 1 && delay < 1e7)) throw new RangeError('tau must be finite and at least one step');
  const h = 1 / steps;
  // a ring of the last x: step i is at i % length
  const past = new Float64Array(Math.ceil(delay) + 2).fill(start);
  const { length } = past;
  let x = start;
  for (let i = 0; ; i++) {
    past[i % length] = x;
    if (i % steps === 0) yield x;
    const [before, middle, after] = [delayed(i), delayed(i + 0.5), delayed(i + 1)];
    const k1 = slope(x, before);
    const k2 = slope(x + (h / 2) * k1, middle);
    const k3 = slope(x + (h / 2) * k2, middle);
    const k4 = slope(x + h * k3, after);
    x += (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
  }

  /** x at step `at` - delay, interpolated linearly between its two neighbours. */
  function delayed(at: number): number {
    const position = at - delay;
    if (position <= 0) return start;
    const step = Math.floor(position);
    const [left, right] = [past[step % length]!, past[(step + 1) % length]!];
    return position === step ? left : left + (right - left) * (position - step);
  }
}

function slope(x: number, delayed: number): number {
  const square = delayed * delayed;
  const fourth = square * square;
  return (0.2 * delayed) / (1 + fourth * fourth * square) - 0.1 * x;
}
