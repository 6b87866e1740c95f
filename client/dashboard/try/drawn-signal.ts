/** Rounds points to what a link holds, so that who opens it gets the same run. */
export const toLinkPoints = (points: readonly number[]): number[] =>
  points.map((value) => Math.round(value * 255) / 255);

export interface Dot {
  readonly at: number;
  readonly value: number;
}

/** Gives the points with a straight line from one dot to the other, both included. */
export function fillBetween(points: readonly number[], from: Dot, to: Dot): number[] {
  const filled = [...points];
  const steps = Math.abs(to.at - from.at);
  const direction = Math.sign(to.at - from.at);
  for (let i = 0; i <= steps; i++) {
    const share = steps === 0 ? 1 : i / steps;
    filled[from.at + i * direction] = from.value + share * (to.value - from.value);
  }
  return filled;
}
