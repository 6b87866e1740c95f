/** What the parts of a step's graph are made with. */
import type { RecipeArray } from '../../rnn/recipe/recipe-arrays.js';
import type { ForecastTask, ModelSpec } from '../../rnn/spec/spec.js';
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';
import type { StepInputs } from './graph-inputs.js';

export interface StepParts {
  readonly graph: Graph;
  readonly carried: Carried;
  readonly spec: ModelSpec;
  readonly task: ForecastTask;
  readonly inputs: StepInputs;
  /** What stands still. */
  readonly constants: ReadonlyMap<string, RecipeArray>;
  /** The number of this step in its history, from 1 on. */
  readonly steps: Value;
}

/** One horizon: steps ahead, how far back the baseline lies when the time has come, and when the forecast is made. */
export interface HorizonPlace {
  readonly ahead: number;
  readonly arrived: number;
  readonly served: number;
}

export function horizonPlaces(
  { horizon, baseline }: ForecastTask,
  season: number | undefined,
): HorizonPlace[] {
  return horizon.map((ahead) => {
    const arrived =
      baseline === 'season' && season !== undefined ? season * Math.ceil(ahead / season) : ahead;
    return { ahead, arrived, served: arrived - ahead };
  });
}
