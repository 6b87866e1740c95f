/** The door `eddy/protocol`: the messages of eddy.v1, their codec, and the limits of a server. */
export { DEFAULT_LIMITS, LIMITS, type LimitName, type Limits } from '../limits.js';
export { Codec, type Encoding, encodingOf, SUBPROTOCOLS } from './codec.js';
export * from './messages.js';
export {
  EVENTS,
  isView,
  type SequenceEvent,
  type UpdateEntry,
  VIEWS,
  type View,
  type ViewItem,
  type ViewMessage,
  type ViewMessageOf,
} from './views/index.js';
