/** The learners: how the gradient of a block is had. */
import type { Address, Kernels } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import type { ModelSpec } from '../spec/spec.js';
import type { GradientMethod } from './learner.js';
import type { Weights } from './optimizer.js';
import { Rtrl } from './rtrl.js';
import { Snap1 } from './snap-1.js';
import { Tbptt } from './tbptt.js';

/** Gives how many numbers a learner keeps, and how many it needs while it works. */
export function methodSize(spec: ModelSpec, layout: ParameterLayout): { kept: number; scratch: number } {
  const { batch, learner } = spec;
  switch (learner.kind) {
    case 'tbptt':
      return { kept: 0, scratch: Tbptt.scratchLength({ batch, learner }, layout) };
    case 'rtrl':
      return { kept: Rtrl.keptLength(spec, layout), scratch: Rtrl.scratchLength(spec, layout) };
    case 'snap-1':
      return { kept: Snap1.keptLength(spec, layout), scratch: Snap1.scratchLength(spec, layout) };
  }
}

/** Creates the learner that a spec names, in the places that it was given. */
export function createMethod(
  kernels: Kernels,
  readout: Readout,
  spec: ModelSpec,
  layout: ParameterLayout,
  weights: Weights,
  { kept, scratch }: { kept: Address; scratch: Address },
): GradientMethod {
  const { batch, learner } = spec;
  switch (learner.kind) {
    case 'tbptt':
      return new Tbptt(kernels, readout, { batch, learner }, layout, weights, scratch);
    case 'rtrl':
      return new Rtrl(kernels, readout, spec, layout, weights, kept, scratch);
    case 'snap-1':
      return new Snap1(kernels, readout, spec, layout, weights, kept, scratch);
  }
}
