/** A client of its own for the load: packed frames on `ws`, and no more than the measuring needs. */
import { decode, encode } from '@msgpack/msgpack';
import WebSocket from 'ws';
import { PACKED, readSeq } from './work.mjs';

/** Connects to Eddy, greets, and gives a way to ask. */
export async function connectEddy(port, named = false) {
  const { socket, stream } = await dial(`ws://127.0.0.1:${port}/stream`, ['eddy.v1.msgpack']);
  const pending = new Map();
  const client = { socket, stream, onStates: () => undefined, onAck: () => undefined, ask };
  let welcomed;
  const welcome = new Promise((resolve) => {
    welcomed = resolve;
  });
  socket.on('message', (frame) => {
    if (frame[0] === PACKED.mark) {
      if (frame[1] === PACKED.states) client.onStates(frame.readUInt32LE(16));
      else client.onAck(readSeq(frame) + 1);
      return;
    }
    const message = decode(frame);
    if (message.type === 'welcome') welcomed();
    else if (message.type === 'error') throw new Error(`${message.code}: ${message.message}`);
    else pending.get(message.re)?.(message);
  });
  socket.send(encode({ type: 'hello', version: 1, packed: true, ...(named && { float64: true }) }));
  await welcome;
  return client;

  function ask(message) {
    const id = pending.size + 1;
    socket.send(encode({ ...message, id }));
    return new Promise((resolve) => {
      pending.set(id, resolve);
    });
  }
}

/** Connects to the bare server. Acks have no number there: they are counted. */
export async function connectBare(port, path) {
  const { socket, stream } = await dial(`ws://127.0.0.1:${port}${path}`);
  const client = { socket, stream, onStates: () => undefined, onAck: () => undefined };
  let acked = 0;
  let count = 1;
  socket.on('message', (frame) => {
    if (frame[1] === PACKED.ack) {
      acked += count;
      client.onAck(acked);
    } else {
      count = frame.readUInt32LE(16);
      client.onStates(count);
    }
  });
  return client;
}

async function dial(url, protocols = []) {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
  let stream;
  socket.once('upgrade', (response) => {
    stream = response.socket;
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve).once('error', reject);
  });
  return { socket, stream };
}
