/** The run behind eddy push: a file, or standard input, goes into one sequence or several. */
import { access } from 'node:fs/promises';
import { Deferred } from '../../../client/sdk/deferred.js';
import { BadRows } from '../../reading/bad-rows.js';
import { type ReadingOptions, tellChoice, tellReport } from '../../reading/index.js';
import { interrupted, say, writeLine } from '../shared/output.js';
import { type ReadingFlags, readingOptions } from '../shared/reading-options.js';
import { openSensorFile, type SensorFile } from '../shared/sensor-file.js';
import { type ConnectionFlags, connectServer, type ServerConnection } from '../shared/server-connection.js';
import { readSpec } from '../shared/spec-file.js';
import { StepTimer } from '../shared/step-timer.js';
import { grouped, LiveView, progressLine } from '../shared/terminal.js';
import { askedOf, type ModelFlags, type ResampleFlags } from './asked.js';
import { LaneSet } from './lane-set.js';
import { type PushResult, resultOf, tellResult } from './push-result.js';
import { rowKeys } from './row-keys.js';
import { checkTimes } from './time-checks.js';

export interface PushOptions extends ReadingFlags, ConnectionFlags, ModelFlags, ResampleFlags {
  readonly sequence: string;
  readonly by?: string | undefined;
  readonly target?: readonly string[] | undefined;
  readonly classes?: readonly string[] | true | undefined;
  readonly model?: string | undefined;
  readonly append: boolean;
  readonly resume: boolean;
  readonly skip: number;
  readonly rate: number;
  readonly json: boolean;
}

/** Milliseconds that acks are waited for after Ctrl-C. */
const PATIENCE = 2000;
const AGENT = 'eddy push';

/** @throws EddyError of the file, the options, the server; what was read, sent and acked is told before */
export async function push(file: string, options: PushOptions): Promise<void> {
  const spec = options.model === undefined ? null : await readSpec(options.model);
  if (file !== '-') await access(file);
  const stopped = interrupted();
  const first = await connectServer(options, AGENT);
  const run = new Run(file, options, first);
  try {
    const isStopped = await run.go(spec, stopped);
    if (isStopped) process.exitCode = 130;
    else if (run.hasLost) process.exitCode = 1;
  } finally {
    run.close();
  }
}

class Run {
  private readonly began = performance.now();
  private readonly bad: BadRows;
  private readonly view = new LiveView(process.stderr);
  private source: SensorFile | null = null;
  private lanes: LaneSet | null = null;
  /** Rows passed over by --skip. */
  private skipped = 0;
  private isStopped = false;
  /** Is no row to be taken any more? */
  private isOver = false;
  private result: PushResult | null = null;
  /** Rejects when a connection is given up, whichever it is. */
  private readonly failed = new Deferred<never>();
  private readonly connections: ServerConnection[] = [];

  constructor(
    private readonly file: string,
    private readonly options: PushOptions,
    private readonly first: ServerConnection,
  ) {
    this.bad = new BadRows(options.onBadRow ?? 'fail');
    this.watch(first);
  }

  get hasLost(): boolean {
    const { result } = this;
    return (result !== null && result.acked < result.sent) || this.connections.some((one) => one.hasLost());
  }

  /** Pushes all rows. Tells whether it was stopped before the end. */
  async go(spec: Record<string, unknown> | null, stopped: Promise<void>): Promise<boolean> {
    void stopped.then(() => {
      this.isStopped = true;
      this.isOver = true;
    });
    const work = this.work(spec);
    try {
      await Promise.race([work, stopped, this.failed.promise]);
      if (this.isStopped) await this.settle();
    } catch (error) {
      this.isOver = true;
      // the rows before a bad one still count
      await Promise.race([this.settle(), stopped, this.failed.promise]).catch(() => undefined);
      this.tell();
      throw error;
    } finally {
      work.catch(() => undefined);
    }
    this.tell();
    if (this.options.json && this.result) await writeLine(JSON.stringify(this.result));
    return this.isStopped;
  }

  close(): void {
    this.lanes?.close();
    this.first.client.close();
    this.source?.close();
    if (this.file === '-') process.stdin.destroy();
  }

  private async work(spec: Record<string, unknown> | null): Promise<void> {
    const { file, options, first } = this;
    const { every, skip, rate, by } = options;
    this.source = await openSensorFile(file, await this.toRead(), { isLive: true });
    const { choice, rows } = this.source;
    if (this.isOver) return;
    for (const line of tellChoice(choice)) say(line);
    checkTimes(choice, { calendar: options.calendar, every, isFile: file !== '-' });
    const lanes = new LaneSet({
      asked: askedOf(choice, { ...options, file: spec }),
      sequence: options.sequence,
      resume: options.resume,
      append: options.append,
      isTimed: choice.time !== null,
      keyOf: rowKeys(file),
      bad: this.bad,
      say,
      first,
      connect: () => this.connectAgain(),
    });
    this.lanes = lanes;
    await first.opened;
    if (by === undefined) await lanes.open(null);
    const pace = new StepTimer(rate);
    for await (const row of rows) {
      if (this.isOver) return;
      if (this.skipped < skip) {
        this.skipped++;
        continue;
      }
      const lane = lanes.get(row.by) ?? (await lanes.open(row.by));
      if (!lane.wants(row)) continue;
      const pause = pace.next();
      if (pause !== null) await pause;
      const full = lane.take(row);
      if (full !== null) await full;
      this.view.draw(() => this.picture());
    }
    await Promise.all(lanes.all.map((lane) => lane.finish()));
  }

  private async toRead(): Promise<ReadingOptions> {
    const { by, target, classes, sequence } = this.options;
    const known = classes === true && by === undefined ? await this.classesOf(sequence) : null;
    return {
      ...readingOptions(this.options),
      requireTime: true,
      by,
      targets: target,
      classes: known ?? classes,
    };
  }

  /** Gives the classes that a sequence has already, or null. */
  private async classesOf(sequence: string): Promise<string[] | null> {
    await this.first.opened;
    const { sequences } = await this.first.client.list({ sequence }).catch(() => ({ sequences: [] }));
    return sequences[0]?.targets?.map(({ name }) => name) ?? null;
  }

  private watch(connection: ServerConnection): void {
    this.connections.push(connection);
    connection.failed.catch((error) => this.failed.reject(error));
  }

  private async connectAgain(): Promise<ServerConnection> {
    const connection = await connectServer(this.options, AGENT);
    this.watch(connection);
    await connection.opened;
    return connection;
  }

  /** Waits until what was sent is acked, for a while. */
  private async settle(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE);
    });
    const settled = Promise.allSettled((this.lanes?.all ?? []).map((lane) => lane.settle()));
    await Promise.race([settled, patience]);
    clearTimeout(timer);
  }

  private tell(): void {
    const { source, lanes, bad, skipped, file, options } = this;
    if (!source || !lanes || lanes.all.length === 0) return;
    const seconds = (performance.now() - this.began) / 1000;
    const report = source.report();
    this.result = resultOf({
      ...{ sequence: options.sequence, by: options.by ?? null, seconds, skipped },
      lanes: lanes.all.map(({ sequence, opened, isNumbered, counts }) => ({
        sequence,
        opened,
        isNumbered,
        counts,
      })),
      choice: source.choice,
      report,
      late: bad,
    });
    this.view.clear();
    const canResume = file !== '-' || source.choice.time !== null;
    for (const line of tellReport({ ...report, badRows: this.result.badRows })) say(line);
    for (const line of tellResult(this.result, { isStopped: this.isStopped, canResume })) say(line);
  }

  private picture(): string {
    const steps = (this.lanes?.all ?? []).reduce((sum, { counts }) => sum + counts.sent, 0);
    const rate = steps / Math.max(1e-3, (performance.now() - this.began) / 1000);
    return progressLine(this.options.sequence, this.source!.share(), `${grouped(steps)} steps`, rate);
  }
}
