/** The view of a model's weights: from time to time, and only if somebody watches. */
import { map, mergeMap, type Observable, type SchedulerLike, startWith } from 'rxjs';
import { EddyError } from '../../errors.js';
import { inputLabels } from '../../fields/input-labels.js';
import { conflate } from '../../operators/conflate.js';
import type { ServerMessageOf } from '../../protocol/messages.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import { layoutParameters } from '../../rnn/cell/parameters.js';
import { type ModelSpec, reachOf } from '../../rnn/spec/spec.js';
import type { Course } from '../course.js';
import { timeOf } from './latest-result.js';

/** Milliseconds between two messages, at least: copying weights costs. */
const LEAST_MS = 1000;
/** The most numbers in one message: 1 MiB in MessagePack. */
const MOST_NUMBERS = 256 * 1024;

/** Checks that all weights and an input gradient fit in one message. @throws EddyError `view-unavailable` */
export function checkWeights(spec: ModelSpec): void {
  const { batch, features, learner } = spec;
  const gradient = learner.kind === 'tbptt' ? reachOf(spec) * batch * features : 0;
  const numbers = layoutParameters(spec).length + gradient;
  if (numbers > MOST_NUMBERS)
    throw new EddyError(
      'view-unavailable',
      `weights and input gradient are ${numbers} numbers; a message has at most ${MOST_NUMBERS}`,
    );
}

/**
 * Gives the weights at once, and again after changes, as they are when sent: at most once per `every`
 * milliseconds, and at most once a second. A sleeping sequence gives nothing.
 *
 * @param look gives the course while nothing changes it; a sleeping one only wakes where `isIdle` is false
 */
export function weightsView(
  changes$: Observable<unknown>,
  channel: number,
  look: (isIdle: boolean) => Observable<Course>,
  every: number,
  scheduler: SchedulerLike,
): Observable<ViewMessage> {
  return changes$.pipe(
    map(() => true),
    startWith(false),
    conflate(Math.max(every, LEAST_MS), scheduler),
    mergeMap(({ value }) => look(value)),
    map((course) => weightsMessage(channel, course)),
  );
}

/** Gives the current weights, and the input gradient of the latest update. */
function weightsMessage(
  channel: number,
  { model, lastUpdate, schema, times }: Course,
): ServerMessageOf<'weights'> {
  const { W, b, Wy, by } = model.weights;
  const gradient = lastUpdate && model.inputGradient(lastUpdate);
  const told = gradient?.every(Number.isFinite) ? lastUpdate : null;
  return {
    type: 'weights',
    channel,
    seq: model.seq,
    t: timeOf(times.last),
    skipped: 0,
    updates: model.updates,
    inputs: layoutParameters(model.spec).features,
    names: inputLabels(model.spec, schema.fields),
    w: Float32Array.from(W),
    b: Float32Array.from(b),
    wy: Float32Array.from(Wy),
    by: Float32Array.from(by),
    saliency: Float32Array.from(told && gradient ? gradient : []),
    from: told?.from ?? -1,
    to: told?.to ?? -1,
  };
}
