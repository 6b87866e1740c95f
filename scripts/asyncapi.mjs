#!/usr/bin/env node
// Writes docs/asyncapi.json, the protocol as an AsyncAPI 3.0 document, from the schemas that the server checks messages by.
// Run it after `npm run build`; `--check` only tells whether the file is as it would write it.
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { readings, times, vector } from '../dist/src/protocol/fields.js';
import { clientMessage, serverMessage } from '../dist/src/protocol/messages.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const file = new URL('../docs/asyncapi.json', import.meta.url);

/** What each request is answered with, and what it is for. */
const REQUESTS = {
  hello: ['welcome', 'Greets. The first message.'],
  open: ['opened', 'Opens a sequence, or creates it.'],
  steps: ['ack', 'Pushes a block of steps. Acknowledged when they are durable.'],
  append: ['appended', 'Hands over one step that the server numbers.'],
  flush: ['done', 'Closes the bins of a resampled sequence.'],
  targets: ['done', 'Hands over targets that come after their steps.'],
  subscribe: ['subscribed', 'Begins a view.'],
  unsubscribe: ['done', 'Ends a view.'],
  configure: ['done', 'Turns learning on or off, or sets the learning rate.'],
  reset: ['done', 'Sets the state to 0, or draws new weights too.'],
  checkpoint: ['done', 'Makes a checkpoint.'],
  close: ['done', 'Gives a channel back.'],
  list: ['listing', 'Lists sequences.'],
  remove: ['done', 'Deletes a sequence.'],
};
const VIEWS = ['states', 'predictions', 'inputs', 'updates', 'metrics', 'weights', 'events'];

const NUMBERS = { type: 'array', items: { type: 'number' } };
const GAPPY = { type: 'array', items: { type: ['number', 'null'] } };
/** Runs of numbers as JSON has them; in MessagePack they are bytes. */
const RUNS = new Map([
  [vector, { ...NUMBERS, description: 'float32; in MessagePack little-endian bytes' }],
  [readings, { ...GAPPY, description: 'float64, null for a gap; in MessagePack little-endian bytes' }],
  [
    times,
    { ...GAPPY, description: 'ms since 1970, null if not known; in MessagePack little-endian float64' },
  ],
]);

/** Gives the schema of a message. A client ignores fields that it does not know, so those of a server stay open. */
function schemaOf(option) {
  const { $schema, ...schema } = z.toJSONSchema(option, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (RUNS.has(zodSchema)) Object.assign(jsonSchema, RUNS.get(zodSchema));
      // names of events, and the bytes of a part, which are text in JSON
      else if (zodSchema.def.type === 'custom') jsonSchema.type = 'string';
    },
  });
  return schema;
}

const typesOf = (union) => union.options.map((option) => [option.shape.type.value, option]);
const all = [...typesOf(clientMessage), ...typesOf(serverMessage)];
const inChannel = (type) => ({ $ref: `#/channels/stream/messages/${type}` });
const stream = { $ref: '#/channels/stream' };

const document = {
  asyncapi: '3.0.0',
  info: {
    title: 'Eddy, eddy.v1',
    version,
    license: { name: 'MIT' },
    description:
      'What a server of Eddy takes and sends over its WebSocket. Written for the subprotocol eddy.v1.json; eddy.v1.msgpack has the same messages as MessagePack maps, with runs of numbers as bytes, or packed. docs/protocol.md has the rules.',
  },
  defaultContentType: 'application/json',
  servers: {
    local: {
      host: '127.0.0.1:4000',
      protocol: 'ws',
      description: '`eddy serve`, as it starts without options',
    },
  },
  channels: {
    stream: {
      address: '/stream',
      description: 'One WebSocket; one message is one frame.',
      servers: [{ $ref: '#/servers/local' }],
      messages: Object.fromEntries(all.map(([type]) => [type, { $ref: `#/components/messages/${type}` }])),
      bindings: { ws: { method: 'GET' } },
    },
  },
  operations: {
    ...Object.fromEntries(
      Object.entries(REQUESTS).map(([type, [answer, summary]]) => [
        type,
        {
          action: 'receive',
          channel: stream,
          summary,
          messages: [inChannel(type)],
          reply: { channel: stream, messages: [inChannel(answer), inChannel('error')] },
        },
      ]),
    ),
    results: {
      action: 'send',
      channel: stream,
      summary: 'The results of the views that a client has.',
      messages: VIEWS.map(inChannel),
    },
    parts: {
      action: 'send',
      channel: stream,
      summary: 'A message over 1 MiB, in pieces.',
      messages: [inChannel('part')],
    },
    errors: {
      action: 'send',
      channel: stream,
      summary: 'What is wrong, about a step or the whole connection.',
      messages: [inChannel('error')],
    },
  },
  components: {
    messages: Object.fromEntries(
      all.map(([type]) => [type, { name: type, payload: { $ref: `#/components/schemas/${type}` } }]),
    ),
    schemas: Object.fromEntries(all.map(([type, option]) => [type, schemaOf(option)])),
  },
};

const text = `${JSON.stringify(document, null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('docs/asyncapi.json is not what scripts/asyncapi.mjs writes');
  process.exitCode = 1;
}
console.log(
  `docs/asyncapi.json: ${all.length} messages, ${Object.keys(document.operations).length} operations`,
);
