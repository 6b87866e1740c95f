/**
 * A sequence as an ONNX graph of one step: (x, t, h, state) -> (y, interval, h', state'). All that is computed of raw x lies
 * in it: gaps, changes, lags, features of the time, statistics, baselines, the forecasters and the ranges. Weights stand
 * still, as of a sequence that does not learn. docs/formats.md tells how it is run.
 */
import { EddyError } from '../errors.js';
import { writeOnnx } from '../formats/onnx.js';
import { readSafetensors, type Tensor } from '../formats/safetensors.js';
import type { RecipeArray } from '../rnn/recipe/recipe-arrays.js';
import { outputsOf, parseSpec } from '../rnn/spec/spec.js';
import { Carried } from './graph/carried.js';
import { cellStep } from './graph/cell-step.js';
import { Graph, type Value } from './graph/graph.js';
import { StepInputs } from './graph/graph-inputs.js';
import { Forecast } from './graph/step-forecast.js';
import { supplied } from './graph/supplied.js';

/** What stands still, and is no part of what is carried. */
const CONSTANTS = new Set([
  'run.relevance.others',
  'run.linear',
  'run.seasonal',
  'run.squares',
  'run.squares.inputs',
  'run.smoothing.period',
  'run.seasons.periods',
]);

/** The graph is written out for each batch row, where rows share statistics. */
const MAX_BATCH = 64;

/**
 * Writes the graph of an exported sequence.
 *
 * @param file what `eddy sequences export` writes
 * @param producerVersion the version of Eddy, for whoever reads the graph
 * @throws EddyError `weights-invalid` where the file is none, or of what a graph cannot say
 */
export function toOnnx(file: Uint8Array, producerVersion = ''): Uint8Array<ArrayBuffer> {
  const { metadata, tensors } = readSafetensors(file);
  if (!metadata.has('recipe'))
    throw new EddyError(
      'weights-invalid',
      'the file is no exported sequence with its recipe: export it with this version of Eddy',
    );
  const spec = parseSpec(JSON.parse(metadata.get('spec') ?? '{}'));
  const { batch: B, features: F } = spec;
  if (B > MAX_BATCH)
    throw new EddyError(
      'weights-invalid',
      `a model of ${B} batch rows is not written as ONNX, up to ${MAX_BATCH} are; all rows have the same weights`,
    );
  const constants = new Map<string, RecipeArray>();
  const start = new Map<string, RecipeArray>();
  for (const [name, tensor] of tensors)
    if (name.startsWith('run.') && tensor.data.length > 0)
      (CONSTANTS.has(name) ? constants : start).set(name, tensor as RecipeArray);
  const graph = new Graph();
  const x = graph.input('x', 'double', [B, F]);
  const t = spec.inputs.time.length > 0 ? graph.input('t', 'double', [1]) : null;
  const carried = new Carried(graph, start, tensors.get('h') as Tensor & RecipeArray);
  const others = constants.get('run.relevance.others');
  const inputs = new StepInputs(graph, carried, spec, x, others ? Array.from(others.data) : null);
  const { task, readout } = spec;
  let forecast: Forecast | null = null;
  if (task?.kind === 'forecast') {
    const steps = graph.add(carried.get('run.steps'), 1);
    carried.set('run.steps', steps);
    forecast = new Forecast({ graph, carried, spec, task, inputs, steps, constants });
    forecast.arrive();
  }
  const { h, sums } = cellStep(graph, spec, tensors, inputs.write(t), carried.h);
  let served: { y: Value; half: Value | null } | null = null;
  if (forecast && sums) served = forecast.serve(sums, h);
  else if (sums) served = supplied(graph, carried, spec, sums);
  if (served) graph.output('y', 'double', [B, outputsOf(spec)], served.y);
  if (served?.half) graph.output('interval', 'double', [B, outputsOf(spec)], served.half);
  carried.finish(h);
  graph.prune();
  return writeOnnx({
    name: metadata.get('name') ?? 'sequence',
    nodes: graph.nodes,
    tensors: graph.tensors,
    inputs: graph.inputs,
    outputs: graph.outputs,
    about: `One step of an Eddy sequence, ${spec.cell} of ${spec.units} units, readout ${readout.kind}. Feed an h of NaN to begin where it was exported; then h_next and state_next.`,
    metadata: new Map([
      ...['name', 'seq', 'spec', 'fields', 'targets', 'savedAt'].flatMap((key): [string, string][] => {
        const text = metadata.get(key);
        return text === undefined ? [] : [[`eddy.${key}`, text]];
      }),
      ['eddy.state', JSON.stringify(carried.places)],
    ]),
    producer: 'eddy',
    producerVersion,
  });
}
