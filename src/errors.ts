interface ErrorEntry {
  readonly temporary: boolean;
  readonly close?: number;
  readonly about: string;
}

/**
 * The one registry of Eddy's errors. A code is stable: programs match on it, people read the message.
 *
 * `temporary` says whether the same request may succeed later without a change.
 * `close` is the WebSocket close code where the error ends the socket: 3000-3499 = reconnect, 3500-3999 = do not.
 * docs/protocol.md lists every code; a test compares the two.
 */
export const ERRORS = {
  // the frame and the message
  'frame-malformed': {
    temporary: false,
    about: 'the bytes are not one MessagePack map, one packed frame or one JSON object',
  },
  'frame-encoding': {
    temporary: false,
    about: 'a text frame on a MessagePack socket, or a binary frame on a JSON socket',
  },
  'message-unknown': { temporary: false, about: 'the message type is unknown' },
  'message-invalid': { temporary: false, about: 'a field is missing, unknown or of the wrong type' },
  'message-too-large': {
    temporary: false,
    about: 'a message other than steps, or an imported file, exceeds its size limit',
  },
  'hello-expected': { temporary: false, about: 'the first message was not hello' },
  'hello-repeated': { temporary: false, about: 'hello was sent twice' },
  'version-unsupported': { temporary: false, about: 'the server does not speak this protocol version' },
  // channels and sequences
  'channel-unknown': { temporary: false, about: 'the channel is not open on this socket' },
  'sequence-name-invalid': { temporary: false, about: 'the sequence name is not allowed' },
  'sequence-unknown': { temporary: true, about: 'no sequence has this name' },
  'sequence-exists': { temporary: false, about: 'a sequence of this name exists already' },
  'sequence-limit': {
    temporary: true,
    about: 'the server holds as many sequences, or bytes of models, as it may',
  },
  'sequence-failed': { temporary: false, about: 'the sequence stopped because of a fault inside Eddy' },
  'spec-required': { temporary: false, about: 'creating the sequence needs a model spec' },
  'spec-invalid': { temporary: false, about: 'the model spec has an invalid field' },
  'learner-unsupported': {
    temporary: false,
    about: 'the cell does not support this learner',
  },
  'fields-invalid': {
    temporary: false,
    about: 'a name of a field is empty, too long or there twice, or there are too few',
  },
  'fields-conflict': { temporary: false, about: 'the sequence exists with other fields' },
  'field-unknown': { temporary: false, about: 'the sequence has no field of this name' },
  'spec-conflict': { temporary: false, about: 'the sequence exists with a different model spec' },
  'channel-limit': { temporary: false, about: 'the socket has reached its limit of open channels' },
  'view-limit': { temporary: false, about: 'the socket has reached its limit of views' },
  'view-unavailable': {
    temporary: false,
    about: 'the model does not produce these results, or they are too large to send',
  },
  // steps and targets
  'step-shape': {
    temporary: false,
    about: 'the length of x does not match the steps, batch rows and features',
  },
  'step-non-finite': { temporary: false, about: 'x contains NaN or an infinity' },
  'credit-exceeded': { temporary: true, about: 'the producer has more unacknowledged steps than it may' },
  'step-gap': { temporary: false, about: 'the step number is ahead of the next expected one' },
  'step-stale': {
    temporary: false,
    about: 'a step came again, and is too old to be compared with the accepted one',
  },
  'step-late': {
    temporary: false,
    about:
      'the step is older than the one before it, or its bin is closed, and the sequence takes no late ones',
  },
  'step-time': {
    temporary: false,
    about: 'the time of the step is missing where the model needs it, or is none',
  },
  'step-unnumbered': {
    temporary: false,
    about: 'the sequence is resampled: it takes readings, and no numbered steps',
  },
  'key-conflict': { temporary: false, about: 'an append of this key came before with other numbers' },
  'step-conflict': { temporary: false, about: 'a step of this number was accepted with different values' },
  'block-too-long': { temporary: false, about: 'the block has more steps than allowed' },
  'target-unexpected': {
    temporary: false,
    about: 'the model takes no targets: it makes its own, or has nothing to learn',
  },
  'target-shape': { temporary: false, about: 'the length of the targets does not match' },
  'target-non-finite': { temporary: false, about: 'a target contains NaN or an infinity' },
  'target-distribution': { temporary: false, about: 'a softmax target is not a probability distribution' },
  'target-early': { temporary: false, about: 'the target is for a step that has not happened yet' },
  'target-expired': { temporary: false, about: 'the target arrived after its block was learned' },
  'target-duplicate': { temporary: false, about: 'the step already has a target' },
  'setting-invalid': { temporary: false, about: 'a setting is out of range' },
  // snapshots and stores
  'store-unavailable': {
    temporary: true,
    about: 'the store cannot write at present, so no step is accepted',
  },
  'store-damaged': { temporary: false, about: 'a checkpoint or record in the store is damaged' },
  'store-locked': { temporary: false, about: 'another process is using the data folder' },
  'snapshot-invalid': { temporary: false, about: 'the snapshot is damaged or belongs to another model' },
  'weights-invalid': {
    temporary: false,
    about: 'weights do not fit the model, or the file that has them cannot be read or expressed',
  },
  // webhooks
  'webhook-refused': {
    temporary: false,
    about: 'a webhook leads to an address that is not of the public internet, and is not allowed',
  },
  'webhook-failed': { temporary: true, about: 'the receiver of a webhook did not take a notice' },
  // the library and the client
  'buffer-overflow': { temporary: true, about: 'a bounded buffer is full and its policy is to fail' },
  'outbox-full': { temporary: true, about: 'the client holds as many unacknowledged steps as it may' },
  'client-closed': { temporary: false, about: 'the client was closed' },
  'connection-lost': { temporary: true, about: 'the connection broke before the answer arrived' },
  'connection-refused': {
    temporary: false,
    about: 'the server closed the socket and asked not to reconnect',
  },
  'history-lost': {
    temporary: false,
    about: 'the server has fewer steps than it had acknowledged; the client renumbered the remaining steps',
  },
  'input-invalid': { temporary: false, about: 'a row of the input file or stream cannot be read' },
  // who may do what
  'permission-denied': {
    temporary: false,
    about: 'the token does not grant the role, or not for this sequence',
  },
  'credentials-invalid': { temporary: false, about: 'a file of tokens, keys or certificates cannot be used' },
  'address-refused': { temporary: false, about: 'listening beyond loopback needs tokens or --insecure' },
  'config-invalid': {
    temporary: false,
    about: 'the configuration has an invalid, unknown or contradictory setting',
  },
  'rate-limit': { temporary: true, about: 'the socket sends more requests per second than it may' },
  overloaded: { temporary: true, about: 'the server is too busy to accept new work' },
  // those that close the socket
  'server-shutdown': { temporary: true, close: 3000, about: 'the server is shutting down' },
  'socket-slow': { temporary: true, close: 3001, about: 'the client did not read fast enough' },
  'authorize-failed': {
    temporary: true,
    close: 3011,
    about: 'the program that embeds the server could not decide who may connect',
  },
  'access-changed': {
    temporary: true,
    close: 3010,
    about: "the rights of the token have changed, or the server's clock was set back: ask again",
  },
  'attempts-limit': { temporary: true, close: 3011, about: 'too many tokens from this address were refused' },
  'hello-timeout': { temporary: false, close: 3500, about: 'hello did not arrive in time' },
  'error-limit': { temporary: false, close: 3501, about: 'too many messages on this socket were refused' },
  unauthorized: { temporary: false, close: 3502, about: 'the token is missing or not valid' },
  'token-expired': { temporary: false, close: 3503, about: 'the token has expired' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** The request, channel or step that an error refers to. */
export interface ErrorAbout {
  re?: number;
  channel?: number;
  seq?: number;
}

/** Tells whether Eddy defines `code`. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/**
 * The only error class Eddy throws on purpose.
 *
 * @example
 * try { model.step([1, 2]) } catch (error) {
 *   if (error instanceof EddyError && error.code === 'step-shape') console.error(error.message)
 * }
 */
export class EddyError extends Error {
  override readonly name = 'EddyError';
  readonly code: ErrorCode;
  /** The request, channel and step of a refused message, as far as they could be read. */
  readonly about: Readonly<ErrorAbout>;
  /** May the same request succeed later without a change? */
  readonly temporary: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { about?: ErrorAbout } = {}) {
    super(message, options);
    this.code = code;
    this.about = options.about ?? {};
    this.temporary = ERRORS[code].temporary;
  }

  /** The close code, if this error ends the socket. */
  get close(): number | undefined {
    const entry: ErrorEntry = ERRORS[this.code];
    return entry.close;
  }
}
