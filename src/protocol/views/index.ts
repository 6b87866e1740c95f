/** The views that a subscriber may ask for. */
import type { z } from 'zod';
import { events } from './events.js';
import { inputs } from './inputs.js';
import { metrics } from './metrics.js';
import { predictions } from './predictions.js';
import { states } from './states.js';
import { updates } from './updates.js';
import type { ViewKind } from './view-kind.js';
import { weights } from './weights.js';

export { EVENTS, type SequenceEvent } from './events.js';
export type { UpdateEntry } from './updates.js';

const KINDS = { states, predictions, inputs, updates, metrics, weights, events };

export type View = keyof typeof KINDS;
export const VIEWS = Object.keys(KINDS) as [View, ...View[]];

/** A message with results of a view. */
export type ViewMessageOf<V extends View> = z.output<(typeof KINDS)[V]['schema']>;
export type ViewMessage = { [V in View]: ViewMessageOf<V> }[View];
/** One result of a view, as a client hands it over. */
export type ViewItem<V extends View> = ReturnType<(typeof KINDS)[V]['items']>[number];

export const VIEW_SCHEMAS = [
  states.schema,
  predictions.schema,
  inputs.schema,
  updates.schema,
  metrics.schema,
  weights.schema,
  events.schema,
] as const;

export const kindOf = <V extends View>(view: V) =>
  KINDS[view] as unknown as ViewKind<ViewMessageOf<V>, ViewItem<V>>;

export const isView = (type: string): type is View => Object.hasOwn(KINDS, type);

export const countOf = (message: ViewMessage): number => kindOf(message.type).count(message);

/** Gives only the latest result of a message; `skipped` counts the earlier ones that the subscriber does not get. */
export const latestOf = (message: ViewMessage, skipped: number): ViewMessage =>
  kindOf(message.type).latest(message, skipped);

/** Joins messages of one view, oldest first, into one with all their results. */
export const joinMessages = (messages: readonly [ViewMessage, ...ViewMessage[]]): ViewMessage =>
  messages.length === 1 ? messages[0] : kindOf(messages[0].type).join(messages);

/** Gives the number of the step up to which a message holds the results; none where it cannot be told. */
export const endOf = (message: ViewMessage): number | undefined => kindOf(message.type).end(message);

export const itemsOf = (message: ViewMessage): ViewItem<View>[] => kindOf(message.type).items(message);
