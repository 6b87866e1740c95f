/**
 * The arithmetic contract: numbers in, numbers out, the caller owns every buffer.
 *
 * All numbers of one model lie in one arena, a flat array of reals. A kernel takes the array and *element
 * addresses* into it, results first, then inputs, then sizes. No kernel allocates, throws, or keeps anything.
 *
 * Shapes, row-major; only weight matrices are kept as the kernels like them (`pack`). B batch rows, F features, N units, M outputs, T steps, D = F + N.
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

/**
 * The gradient of a dense layer's weights before it is computed: dL/dw = sum over R rows of a_r^T dy_r, dL/db = sum of
 * dy_r. The weights of the cell are such a layer too, with a = z and dy = da: dL/dW = Z^T dA.
 */
export interface LayerGradient {
  /** w [A,M], packed, and b [M]. */
  readonly w: Address;
  readonly b: Address;
  /** Their velocities, which are not touched without momentum. */
  readonly velocity: Address;
  readonly velocityB: Address;
  /** a [R,A], rows `stride` apart. */
  readonly a: Address;
  readonly stride: number;
  /** dy [R,M] */
  readonly dy: Address;
  readonly R: number;
  readonly A: number;
  readonly M: number;
}

/** Deviations of the outputs: those that each step's prediction was `served` with [T,M], and the `current` ones [M]. */
export interface LossScale {
  readonly served: Address;
  readonly current: Address;
}

export interface SgdSettings {
  /** Learning rate, times the clipping factor. */
  readonly rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface Kernels {
  readonly name: string;
  /** 4 for float32, 8 for float64. */
  readonly bytesPerReal: 4 | 8;

  /** Allocates `length` zeros. */
  allocate(length: number): Arena;

  /** Turns a matrix [rows,columns] from row after row into the form that these kernels keep it in, in place. */
  pack(m: Reals, at: Address, rows: number, columns: number): void;

  /** Turns it back. */
  unpack(m: Reals, at: Address, rows: number, columns: number): void;

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

  /** Adds the gradient of a dense layer's weights: gw [A,M], packed, += sum_r a_r^T dy_r, gb [M] += sum_r dy_r. */
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

  /**
   * Gives the loss L = sum of ((y - target) / current)^2 over T steps of B rows of M outputs, and writes `factor` times
   * its gradient at the readout's sums, which move y by `served`. Without a scale both are 1. An output whose current
   * deviation is 0 counts for nothing.
   */
  squaredError(
    m: Reals,
    dy: Address,
    y: Address,
    target: Address,
    scale: LossScale | null,
    factor: number,
    T: number,
    B: number,
    M: number,
  ): number;

  /** Gives ||dL/dw||^2 + ||dL/db||^2 of a layer, before any weight is touched. */
  gradientSquares(m: Reals, a: Address, stride: number, dy: Address, R: number, A: number, M: number): number;

  /**
   * Takes a step of SGD with a layer's gradient g, which is never laid down: v' = mu v - rate g; w' = w + v', or with
   * Nesterov's form w' = w + mu v' - rate g (Sutskever et al. 2013, section 2, in the form of Keras).
   */
  descend(m: Reals, layer: LayerGradient, settings: SgdSettings): void;

  /** Gives the largest magnitude of n numbers, 0 for none. */
  largest(m: Reals, p: Address, n: number): number;
}
