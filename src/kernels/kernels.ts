/**
 * The arithmetic contract: numbers in, numbers out, the caller owns every buffer.
 *
 * All numbers of one model lie in one arena, a flat array of reals. A kernel takes the array and *element
 * addresses* into it, results first, then inputs, then sizes. No kernel allocates, throws, or keeps anything.
 *
 * Shapes, row-major: B batch rows, F features, N units, M outputs, T steps, D = F + N.
 *
 *   W  [D,N]      Wx stacked on Wh: one matrix-vector product makes a step
 *   z  [T+1,B,D]  window rows: z_t = [ x_t | h_{t-1} ]; the step writes h_t into row t + 1
 *   dz [T,B,D]    their gradient: dz_t = da_t W^T = [ dL/dx_t | dL/dh_{t-1} ]
 *   da [T,B,N]    gradient at a_t; e_t = dL/dh_t from the readout comes in in its place
 *
 * Every implementation passes test/contract/kernels.ts, and in each of them one step at a time, a block and a
 * batch row give the same bits, because all add in the order of the index.
 */
export type Reals = Float32Array | Float64Array;

/** Position of an element in an arena. */
export type Address = number;

/** A run of reals that one model owns. */
export interface Arena {
  /** The array that `base` counts in. Read it anew after every allocation of the same kernels: it may move. */
  readonly data: Reals;
  readonly base: Address;
  readonly length: number;
  /** Gives the memory back. The arena must not be used after. */
  free(): void;
}

export interface SgdSettings {
  /** Learning rate. */
  readonly rate: number;
  /** Factor on g before all else: the clipping factor. */
  readonly gradientScale: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface Kernels {
  readonly name: string;
  /** 4 for float32, 8 for float64. */
  readonly bytesPerReal: 4 | 8;

  /** Allocates `length` zeros. */
  allocate(length: number): Arena;

  /**
   * Runs the cell over T steps: a_t = z_t W + b, h_t = tanh(a_t), written to the h part of row t + 1.
   * Reads x_0..x_{T-1} and h_{-1} from z [T+1,B,D].
   */
  forward(m: Reals, z: Address, w: Address, b: Address, T: number, B: number, F: number, N: number): void;

  /**
   * Runs back through T steps, last to first. On entry da [T,B,N] holds e_t; on return it holds da_t:
   * dL/dh_t = e_t + dz_{t+1}[F:], da_t = dL/dh_t * (1 - h_t^2), dz_t = da_t W^T. The second term is 0 at the last step.
   */
  backward(
    m: Reals,
    dz: Address,
    da: Address,
    z: Address,
    w: Address,
    T: number,
    B: number,
    F: number,
    N: number,
  ): void;

  /** Applies a dense layer to R rows: y [R,M] = a [R,A] w [A,M] + b [M]. Rows of `a` lie `stride` apart. */
  dense(
    m: Reals,
    y: Address,
    a: Address,
    stride: number,
    w: Address,
    b: Address,
    R: number,
    A: number,
    M: number,
  ): void;

  /** Carries a dense layer's gradient to its input: da [R,A] = dy [R,M] w^T. */
  denseBackward(m: Reals, da: Address, dy: Address, w: Address, R: number, A: number, M: number): void;

  /**
   * Adds the gradient of a dense layer's weights: gw [A,M] += sum_r a_r^T dy_r, gb [M] += sum_r dy_r.
   * The weights of the cell get theirs here too, with a = z and dy = da: dL/dW = Z^T dA.
   */
  denseGradient(
    m: Reals,
    gw: Address,
    gb: Address,
    a: Address,
    stride: number,
    dy: Address,
    R: number,
    A: number,
    M: number,
  ): void;

  /** Turns y [R,M] into softmax(y), row by row, in place. */
  softmax(m: Reals, y: Address, R: number, M: number): void;

  /** Gives the sum of squares of n elements. */
  sumSquares(m: Reals, p: Address, n: number): number;

  /**
   * Takes one step of SGD with momentum on n weights: v' = mu v - rate g; w' = w + v', or with Nesterov's form
   * w' = w + mu v' - rate g (Sutskever et al. 2013, section 2, in the form of Keras). g is scaled first.
   * With momentum 0 there is no velocity and v is not touched.
   * Changes nothing and returns false where any w' or v' would be non-finite.
   */
  sgd(m: Reals, w: Address, v: Address, g: Address, n: number, settings: SgdSettings): boolean;
}
