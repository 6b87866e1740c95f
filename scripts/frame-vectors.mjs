#!/usr/bin/env node
// Writes client/vectors/*.json: frames as the codec writes and reads them, with what they mean. Clients in other languages
// are held by them. Run it after `npm run build`; `--check` only tells whether the files are as it would write them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Codec } from '../dist/src/protocol/codec.js';
import { clientMessages, serverMessages } from './support/frame-messages.mjs';

const folder = new URL('../client/vectors/', import.meta.url);
const codec = new Codec('msgpack');
const FORMS = {
  maps: { packed: false, float64: true },
  packed: { packed: true, float64: true },
  'packed of version 0.1': { packed: true, float64: false },
};

/** Runs of numbers as lists; NaN, which JSON has not, as null. */
const plain = (value) => {
  if (value instanceof Float32Array || value instanceof Float64Array)
    return Array.from(value, (number) => (Number.isNaN(number) ? null : number));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
};

/** The fields in the order in which the frame has them. */
const inOrder = (message, sent) => {
  const order = Object.keys(sent);
  return Object.fromEntries(Object.entries(message).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
};

/** One frame of each message in each form that differs from the others. */
function framesOf(messages, decode) {
  return Object.entries(FORMS).flatMap(([form, wire]) => {
    const seen = new Set();
    return messages.flatMap((message) => {
      const frame = codec.encode(message, wire);
      const hex = Buffer.from(frame).toString('hex');
      const isPacked = frame[0] === 0xc1;
      if (wire.packed !== isPacked || seen.has(hex)) return [];
      seen.add(hex);
      return { form, hex, message: inOrder(plain(decode(new Uint8Array(frame), wire)), message) };
    });
  });
}

const files = {
  'client-frames.json': framesOf(clientMessages(), (frame, wire) => codec.decodeClient(frame, wire)),
  'server-frames.json': framesOf(serverMessages(), (frame, wire) => codec.decodeServer(frame, wire)),
};

let stale = 0;
mkdirSync(folder, { recursive: true });
for (const [name, vectors] of Object.entries(files)) {
  const text = `[\n${vectors.map((vector) => `  ${JSON.stringify(vector)}`).join(',\n')}\n]\n`;
  const file = new URL(name, folder);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    stale++;
    console.error(`client/vectors/${name} is not what scripts/frame-vectors.mjs writes`);
  }
  console.log(`${name}: ${vectors.length} frames`);
}
process.exitCode = stale > 0 ? 1 : 0;
