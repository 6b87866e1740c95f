/** The figures for people. */
import { cpus, loadavg } from 'node:os';

export function machine() {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? 'unknown',
    processors: all.length,
    load: Number(loadavg()[0].toFixed(2)),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

const whole = (value) => Math.round(value).toLocaleString('en');
const ms = (value) => value.toFixed(2);
const ratio = (value, peer) => `${(value / peer).toFixed(2)}x`;

/** Writes rows as a Markdown table. */
function markdown(head, rows) {
  const width = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(width[i])).join(' | ')} |`;
  return [line(head), line(width.map((length) => '-'.repeat(length))), ...rows.map(line)].join('\n');
}

export function table({ machine: m, serving, fanOut, blocks }) {
  const serve = serving.flatMap(({ connections, block, inFlight, bare, ...works }) =>
    ['serving', 'learning'].map((work) => {
      const it = works[work];
      return [
        `${connections}`,
        block === 1 ? `${inFlight} x 1` : `${inFlight} x ${block}`,
        work,
        whole(it.stepsPerSecond),
        whole(bare.stepsPerSecond),
        ratio(it.stepsPerSecond, bare.stepsPerSecond),
        `${ms(it.p50)} / ${ms(it.p99)}`,
        `${ms(bare.p50)} / ${ms(bare.p99)}`,
        ratio(it.p99, bare.p99),
        `${ms(it.cpuMicroseconds)} / ${ms(bare.cpuMicroseconds)}`,
      ];
    }),
  );
  const fan = fanOut.map(({ watchers, serving: it, bare }) => [
    whole(watchers),
    whole(it.stepsPerSecond),
    whole(bare.stepsPerSecond),
    ratio(it.stepsPerSecond, bare.stepsPerSecond),
    `${ms(it.p50)} / ${ms(it.p99)}`,
    `${ms(bare.p50)} / ${ms(bare.p99)}`,
    `${ms(it.cpuMicroseconds)} / ${ms(bare.cpuMicroseconds)}`,
  ]);
  const { inProcess, endToEnd } = blocks;
  const local = [
    ['in process', whole(inProcess.stepsPerSecond), '', ms(inProcess.cpuMicroseconds)],
    [
      'end to end',
      whole(endToEnd.stepsPerSecond),
      ratio(endToEnd.stepsPerSecond, inProcess.stepsPerSecond),
      ms(endToEnd.cpuMicroseconds),
    ],
  ];
  return [
    `${m.processor}, ${m.processors} processors, load ${m.load}; Node ${m.node}; ${m.date}`,
    '\nF = 8, N = 64, k1 = k2 = 32; each step comes back as its state and its ack. bare: ws with frames of the same sizes.',
    markdown(
      [
        'sockets',
        'in flight',
        'work',
        'steps/s',
        'bare',
        'ratio',
        'p50 / p99 ms',
        'bare ms',
        'p99',
        'CPU us / bare',
      ],
      serve,
    ),
    '\nOne producer, 8 steps in flight, to many subscribers; frames delivered.',
    markdown(['subscribers', 'frames/s', 'bare', 'ratio', 'p50 / p99 ms', 'bare ms', 'CPU us / bare'], fan),
    '\nBlocks of 64, learning, one socket, 3 in flight.',
    markdown(['', 'steps/s', 'ratio', 'CPU us'], local),
  ].join('\n');
}

/** Writes what it costs to keep every step on the disk. */
export function storeTable({ machine: m, groupMs, rows }) {
  const cells = rows.map(({ connections, block, inFlight, work, memory, disk }) => [
    `${connections}`,
    block === 1 ? `${inFlight} x 1` : `${inFlight} x ${block}`,
    work,
    whole(disk.stepsPerSecond),
    whole(memory.stepsPerSecond),
    ratio(disk.stepsPerSecond, memory.stepsPerSecond),
    `${ms(disk.p50)} / ${ms(disk.p99)}`,
    `${ms(memory.p50)} / ${ms(memory.p99)}`,
    `${ms(disk.cpuMicroseconds)} / ${ms(memory.cpuMicroseconds)}`,
  ]);
  const head = [
    'sockets',
    'in flight',
    'work',
    'steps/s',
    'in memory',
    'ratio',
    'p50 / p99 ms',
    'in memory ms',
    'CPU us',
  ];
  return [
    `${m.processor}, ${m.processors} processors, load ${m.load}; Node ${m.node}; ${m.date}`,
    `\nF = 8, N = 64; groups of at most ${groupMs} ms; a step is back when its state and its ack are.`,
    markdown(head, cells),
  ].join('\n');
}
