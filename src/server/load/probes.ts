/** The probes that the load shedder watches on a real machine. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Lag } from './lag.js';
import type { Probe } from './load-shedder.js';

export interface GuardLimits {
  /** Milliseconds that the event loop may lag. */
  readonly lagMs: number;
  /** Bytes that the process may use; by default 80 % of its memory limit. */
  readonly memoryBytes?: number | undefined;
}

/** Share of the available memory that may be used. */
const SHARE = 0.8;

export function createProbes(lag: Lag, { lagMs, memoryBytes }: GuardLimits): readonly Probe[] {
  return [
    { name: 'event loop lag', unit: 'ms', limit: lagMs, read: () => lag.read() },
    {
      name: 'memory',
      unit: 'bytes',
      limit: memoryBytes ?? SHARE * memoryOfMachine(),
      read: () => process.memoryUsage.rss(),
    },
    {
      name: 'JavaScript heap',
      unit: 'bytes',
      limit: SHARE * getHeapStatistics().heap_size_limit,
      read: () => getHeapStatistics().used_heap_size,
    },
  ];
}

/** Gives the memory limit of the process in bytes: its container's, or the machine's. */
function memoryOfMachine(): number {
  const constrained = process.constrainedMemory() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
