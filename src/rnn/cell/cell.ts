/**
 * What a cell is. A file for each cell says what its parameters are, how they are drawn, and how it goes forward and back;
 * cells.ts is the registry.
 */
import type { RowsPart } from '../../kernels/arena.js';
import type { Address, Kernels, LayerGradient, Reals } from '../../kernels/kernels.js';
import type { Pieces } from '../../math/pieces.js';
import type { Drawing } from './random-matrix.js';

/** A matrix of weights [rows,columns], which the kernels keep packed. */
export interface Matrix {
  /** Where it begins among the parameters. */
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Where the parameters of a cell lie, matrices before biases, and what memory its passes need. F numbers come in, N units.
 * Row after row, the matrices are W [F+N,G N]: Wx [F,G N] over Wh [N,G N], with the N columns of each of G gates together.
 */
export interface CellLayout {
  readonly features: number;
  readonly units: number;
  readonly matrices: readonly Matrix[];
  /** Numbers in the matrices, and in the biases behind them. */
  readonly weights: number;
  readonly biases: number;
  /** Numbers that a step keeps for the way back beside z = [ x | h ], for each batch row. */
  readonly activations: number;
  /** Scratch of one step forward, for each batch row. */
  readonly forwardScratch: number;
  /** Scratch of the way back, for each step and batch row. It begins with dL/dh. */
  readonly backwardScratch: number;
}

/** Where a cell that works finds its numbers. */
export interface CellPlaces {
  /** Its parameters, in the order of the layout, and their velocities. */
  readonly weights: Address;
  readonly velocity: Address;
  readonly scratch: Address;
}

/** Consecutive steps in a window. */
export interface CellSteps {
  /** z [T+1,B,F+N] = [ x_t | h_{t-1} ]; h_t goes to the row of t + 1. */
  readonly z: Address;
  /** What the layout's `activations` are, [T,B,activations]. */
  readonly activations: Address;
  readonly T: number;
  readonly B: number;
}

export interface Cell {
  /** Computes h_t of T steps, each from the one before. */
  forward(m: Reals, steps: CellSteps): void;

  /**
   * Runs back through T steps, last to first, and gives the gradient of the weights as the factors of its layers.
   *
   * @param dz [T,B,F+N], which gets dL/dz_t = [ dL/dx_t | dL/dh_{t-1} ]
   * @param rows which of the T B rows; a part comes after those behind it
   * @param scratch [T,B,backwardScratch], whose first [T,B,N] are dL/dh_t as the readout gives it
   */
  backward(m: Reals, dz: Address, scratch: Address, steps: CellSteps, rows?: RowsPart): LayerGradient[];

  /** What learners that carry influences forward need; null for a cell that they cannot be used with. */
  readonly influence: CellInfluence | null;
}

/** How the influence of a cell's P weights on its N units goes on by a step: z [F+N] is its row, h [N] the new state. */
export interface CellInfluence {
  /** Carries dh/dweight [P,N] over a step, from J to `out`; `rows` of the P, multiples of 4 but for the end, one part after the other. */
  carry(m: Reals, out: Address, J: Address, z: Address, h: Address, rows?: RowsPart): void;
  /** Adds the gradient by an error e = dL/dh [N]: g [P] += J e. */
  gradient(m: Reals, g: Address, J: Address, e: Address): void;
  /** Carries the influence S [P] of each weight on its own unit over a step, in place. */
  carryOwn(m: Reals, S: Address, z: Address, h: Address): void;
  /** Adds the gradient by an error e = dL/dh [N] and S. */
  ownGradient(m: Reals, g: Address, S: Address, e: Address): void;
}

/** A kind of cell: all that can be said without numbers. */
export interface CellKind {
  /** Its formula, for people. */
  readonly formula: string;
  /** The module of PyTorch that computes the same. */
  readonly torch: string;
  /** The gates whose columns lie beside each other in W; one without a name where there is only the state itself. */
  readonly gates: readonly string[];
  readonly hasInfluence: boolean;
  layout(features: number, units: number): CellLayout;
  /** Draws first weights [F+N,G N], row after row, to `at`; biases are 0. */
  draw(drawing: Drawing, at: Address, layout: CellLayout): Pieces<void>;
  create(kernels: Kernels, layout: CellLayout, places: CellPlaces): Cell;
}
