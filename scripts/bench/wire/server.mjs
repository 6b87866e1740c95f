/**
 * A process with one server: `eddy`, in memory; `durable`, Eddy on a folder of its own; or `bare`, which answers every frame with an ack and a states frame of the sizes
 * that Eddy's have, and gives the states frame to those who connected to /watch as well.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { WebSocketServer } from 'ws';
import { createServer, openStore } from '../../../dist/src/server/create-server.js';
import { createTelemetry } from '../../../dist/src/server/telemetry/telemetry.js';
import { answerFrames, createCork } from './work.mjs';

const [kind, groupMs = '5'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'eddy-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const port = kind === 'bare' ? await startBare() : await startEddy();
process.on('message', () => process.send({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit(0));
process.send({ port });

async function startEddy() {
  const settings = { ephemeral: kind === 'eddy', data: folder, groupMs: Number(groupMs) };
  const store = await openStore(settings, createTelemetry());
  const limits = { socketsPerAddress: 2000 };
  const server = createServer({ logger: pino({ level: 'silent' }), limits, store });
  return (await server.listen({ port: 0 })).port;
}

function startBare() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const watchers = new Set();
  const cork = createCork();
  server.on('connection', (socket, { socket: stream, url }) => {
    if (url === '/watch') {
      watchers.add({ socket, stream });
      socket.on('close', () => watchers.clear());
      return;
    }
    const answersOf = new Map();
    socket.on('message', (frame) => {
      const count = frame.readUInt32LE(16);
      if (!answersOf.has(count)) answersOf.set(count, answerFrames(count));
      const { states, ack } = answersOf.get(count);
      cork(stream);
      if (url === '/echo') socket.send(states);
      for (const watcher of watchers) {
        cork(watcher.stream);
        watcher.socket.send(states);
      }
      socket.send(ack);
    });
  });
  return new Promise((resolve) => {
    server.on('listening', () => resolve(server.address().port));
  });
}
