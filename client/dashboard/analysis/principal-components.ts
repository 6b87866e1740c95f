/**
 * The first two principal components of a stream of vectors, found as they come: candid covariance-free incremental
 * PCA (Weng, Zhang and Hwang 2003). Memory is two vectors and a mean, a vector costs O(width).
 *
 * A component is defined up to its sign. It is chosen at the start, so that the largest part is positive, and kept:
 * from one vector to the next it never turns over.
 */
/** Old vectors fade, since a network that learns moves: weights as in the paper, its amnesic parameter l. */
const AMNESIA = 2;
/** Vectors after which the share of a new one falls no further, so that what is forgotten is forgotten. */
const MAX_MEMORY = 2000;

export class PrincipalComponents {
  private seen = 0;
  private readonly mean: Float64Array;
  /** Each component [width], its length being the variance along it. */
  private readonly components: readonly [Float64Array, Float64Array];
  private readonly rest: Float64Array;

  constructor(readonly width: number) {
    this.mean = new Float64Array(width);
    this.components = [new Float64Array(width), new Float64Array(width)];
    this.rest = new Float64Array(width);
  }

  observe(vector: ArrayLike<number>, at = 0): void {
    const { width, mean, rest } = this;
    const n = Math.min(++this.seen, MAX_MEMORY);
    for (let i = 0; i < width; i++) {
      const difference = (vector[at + i] as number) - (mean[i] as number);
      mean[i] = (mean[i] as number) + difference / n;
      rest[i] = (vector[at + i] as number) - (mean[i] as number);
    }
    if (this.seen === 1) return;
    for (const [k, component] of this.components.entries()) {
      if (this.seen === k + 2) begin(component, rest);
      else turn(component, rest, n);
      deflate(rest, component);
    }
  }

  /** Gives what tells where a vector lies in the plane of the two, as they are now: for many vectors. */
  projection(): (vector: ArrayLike<number>, at?: number) => [number, number] {
    const { mean, width } = this;
    const [first, second] = [this.component(0).direction, this.component(1).direction];
    return (vector, at = 0) => {
      let [x, y] = [0, 0];
      for (let i = 0; i < width; i++) {
        const rest = (vector[at + i] as number) - (mean[i] as number);
        x += rest * (first[i] as number);
        y += rest * (second[i] as number);
      }
      return [x, y];
    };
  }

  /** Gives a component's direction, of length 1 (0 before it is known), and the variance along it. */
  component(k: 0 | 1): { readonly direction: Float64Array; readonly variance: number } {
    const component = this.components[k];
    const variance = norm(component);
    return { direction: component.map((value) => (variance > 0 ? value / variance : 0)), variance };
  }
}

function begin(component: Float64Array, rest: Float64Array): void {
  let largest = 0;
  for (const value of rest) if (Math.abs(value) > Math.abs(largest)) largest = value;
  const sign = largest < 0 ? -1 : 1;
  const length = norm(rest);
  // a component's length is a variance
  for (let i = 0; i < component.length; i++) component[i] = sign * length * (rest[i] as number);
}

/** v' = (n - 1 - l) / n v + (1 + l) / n (u . v / |v|) u. The second term never points away from v, so no sign flips. */
function turn(component: Float64Array, u: Float64Array, n: number): void {
  const length = norm(component);
  if (length === 0) return begin(component, u);
  const amnesia = n > 2 * AMNESIA + 2 ? AMNESIA : 0;
  let along = 0;
  for (let i = 0; i < u.length; i++) along += (u[i] as number) * (component[i] as number);
  const [keep, take] = [(n - 1 - amnesia) / n, ((1 + amnesia) / n) * (along / length)];
  for (let i = 0; i < u.length; i++) component[i] = keep * (component[i] as number) + take * (u[i] as number);
}

/** Takes out of `rest` what lies along the component. */
function deflate(rest: Float64Array, component: Float64Array): void {
  const length = norm(component);
  if (length === 0) return;
  let along = 0;
  for (let i = 0; i < rest.length; i++) along += ((rest[i] as number) * (component[i] as number)) / length;
  for (let i = 0; i < rest.length; i++)
    rest[i] = (rest[i] as number) - (along * (component[i] as number)) / length;
}

function norm(vector: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) ** 2;
  return Math.sqrt(sum);
}
