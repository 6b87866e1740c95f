/** Puts a run together: its signal, and its runners here or in the server. */
import { EddyError } from '../../../src/errors.js';
import type { Client } from '../../sdk/index.js';
import { BrowserRunner, startWorker } from './browser-runner.js';
import { openSensor } from './sensors.js';
import { ServerRunner, sequenceName } from './server-runner.js';
import type { Setting } from './setting.js';
import { createSignal, type Signal } from './signal.js';
import { type Table, tableSignal } from './table.js';
import { Run } from './training-run.js';

export interface OpenRunParts {
  readonly setting: Setting;
  /** What was read of a file, if any was. */
  readonly table: Table | null;
  readonly client: Client;
  readonly now: () => number;
  /** Did the user ask for it? A sensor is not opened because a page is. */
  readonly asked: boolean;
}

/** Gives null where something is needed first: a drawing, a file, or that the user asks for the sensor. */
export async function openRun({ setting, table, client, now, asked }: OpenRunParts): Promise<Run | null> {
  const signal = await openSignal(setting, table, asked);
  if (!signal) return null;
  return new Run({
    setting,
    signal,
    now,
    openRunner: (name, { where }, spec, steps) =>
      where === 'browser'
        ? new BrowserRunner(startWorker(), spec, steps)
        : new ServerRunner(client, sequenceName(name), spec, steps, signal.fields),
  });
}

async function openSignal(setting: Setting, table: Table | null, asked: boolean): Promise<Signal | null> {
  switch (setting.signal) {
    case 'csv':
      return table && fileSignal(setting, table);
    case 'drawing':
      return setting.drawing.length > 0 ? createSignal(setting) : null;
    case 'motion':
    case 'microphone':
      return asked ? openSensor(setting.signal) : null;
    default:
      return createSignal(setting);
  }
}

function fileSignal({ calendar }: Setting, table: Table): Signal {
  const signal = tableSignal(table);
  if (calendar.length > 0 && !signal.hasTimes)
    throw new EddyError(
      'input-invalid',
      'features of the time need the times of the rows, and no column was found that tells them',
    );
  return signal;
}
