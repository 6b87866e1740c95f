/** Servers and a load, each a process of its own, and how they are compared. */
import { fork } from 'node:child_process';

const children = [];

/** A process of this folder. What it says is kept until it is heard. */
export class Child {
  messages = [];
  wake = () => undefined;

  constructor(file, ...args) {
    this.process = fork(new URL(file, import.meta.url), args);
    this.process.on('message', (message) => {
      this.messages.push(message);
      this.wake();
    });
    this.process.on('exit', (code) => {
      if (code) throw new Error(`${file} ended with ${code}`);
    });
    children.push(this);
  }

  /** Gives the next message. */
  async heard() {
    while (this.messages.length === 0)
      await new Promise((resolve) => {
        this.wake = resolve;
      });
    const message = this.messages.shift();
    if (message.error) throw new Error(message.error);
    return message;
  }

  ask(message) {
    this.process.send(message);
    return this.heard();
  }
}

const cpuOf = async ({ child }) => {
  const { cpu } = await child.ask({});
  return cpu.user + cpu.system;
};

/** @param file the server of another checkout, for instance */
export async function startServer(kind, group, file = './server.mjs') {
  const child = new Child(file, kind, group);
  return { kind, child, port: (await child.heard()).port };
}

/** Runs one job of the load against a server. */
export async function measure(load, server, job) {
  await load.ask({ peer: server.kind, port: server.port, ...job });
  const before = await cpuOf(server);
  await load.heard();
  const cpu = (await cpuOf(server)) - before;
  const { result } = await load.heard();
  return { ...result, cpu };
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function summary(runs, perStep = 1) {
  const of = (value) => median(runs.map(value));
  return {
    stepsPerSecond: of(({ steps, seconds }) => (steps * perStep) / seconds),
    cpuMicroseconds: of(({ steps, cpu }) => cpu / (steps * perStep)),
    p50: of(({ p50 = 0 }) => p50),
    p99: of(({ p99 = 0 }) => p99),
  };
}

/** Runs the same job on all contestants in turn, round by round. */
export async function compare(rounds, contestants, perStep) {
  const runs = contestants.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, contestant] of contestants.entries()) runs[i].push(await contestant());
  return runs.map((all) => summary(all, perStep));
}

/** Lets all processes end. */
export function endAll() {
  for (const child of children) child.process.disconnect();
}
