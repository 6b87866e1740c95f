/** What is measured: the model, its input, and the sizes of the frames that carry it. */

export const FEATURES = 8;
export const UNITS = 64;
/** Steps in a block. */
export const BLOCK = 64;

const model = { features: FEATURES, units: UNITS, seed: 1 };

/** Serving only carries the state; learning also predicts, scores and trains, k1 = k2 = 32. */
export const SPECS = {
  serving: { ...model, readout: { kind: 'none' } },
  learning: {
    ...model,
    inputs: { changes: [] },
    learner: { kind: 'tbptt', k1: 32, k2: 32 },
    optimizer: { kind: 'sgd' },
  },
};

/** Gives x [count,F], the same for every `count` steps. */
export function signal(count) {
  return Float32Array.from({ length: count * FEATURES }, (_, i) => Math.sin(0.37 * i) + 0.1 * (i % 7));
}

/** Types of packed frames, from docs/protocol.md. */
export const PACKED = { mark: 0xc1, steps: 1, states: 2, ack: 4 };

/** Flags of packed frames. */
const [TIMES, FLOAT64] = [1, 2];

/** Makes the packed frame of a block of steps; its number can be set later. */
export function stepsFrame(channel, count) {
  const frame = Buffer.alloc(28 + 4 * count * FEATURES);
  writeHead(frame, PACKED.steps, channel, count, FEATURES);
  const x = signal(count);
  for (const [i, value] of x.entries()) frame.writeFloatLE(value, 28 + 4 * i);
  return frame;
}

/** The same with readings as float64 and the time of each step. */
export function namedStepsFrame(channel, count) {
  const frame = Buffer.alloc(32 + 8 * count * (FEATURES + 1));
  writeHead(frame, PACKED.steps, channel, count, FEATURES);
  frame.writeUInt16LE(TIMES | FLOAT64, 2);
  for (let i = 0; i < count; i++) frame.writeDoubleLE(Date.now(), 32 + 8 * i);
  for (const [i, value] of signal(count).entries()) frame.writeDoubleLE(value, 32 + 8 * (count + i));
  return frame;
}

/** What the numbers of a named step are. */
export const NAMES = Array.from({ length: FEATURES }, (_, i) => ({ name: `sensor ${i}`, unit: '°C' }));

/** Makes frames as large as those that a server answers such a block with. */
export function answerFrames(count) {
  const states = Buffer.alloc(32 + 4 * count * UNITS);
  writeHead(states, PACKED.states, 1, count, UNITS);
  const ack = Buffer.alloc(16);
  ack[0] = PACKED.mark;
  ack[1] = PACKED.ack;
  return { states, ack };
}

export function writeSeq(frame, seq) {
  frame.writeUInt32LE(seq % 2 ** 32, 8);
  frame.writeUInt32LE(Math.floor(seq / 2 ** 32), 12);
}

export const readSeq = (frame) => frame.readUInt32LE(8) + 2 ** 32 * frame.readUInt32LE(12);

/** Corks streams until the end of the turn, all by one thing that is scheduled. */
export function createCork() {
  const corked = new Set();
  const flush = () => {
    for (const stream of corked) stream.uncork();
    corked.clear();
  };
  return (stream) => {
    if (corked.has(stream)) return;
    if (corked.size === 0) process.nextTick(flush);
    corked.add(stream);
    stream.cork();
  };
}

function writeHead(frame, type, channel, count, size) {
  frame[0] = PACKED.mark;
  frame[1] = type;
  frame.writeUInt32LE(channel, 4);
  frame.writeUInt32LE(count, 16);
  frame.writeUInt32LE(size, 20);
}
