/** What came of a push: as JSON, and in words. */
import type { Opened } from '../../../client/sdk/index.js';
import type { BadRow, Choice, ReadingReport } from '../../reading/index.js';
import { countOf, grouped } from '../shared/terminal.js';
import { type Counts, sumOf } from './counts.js';

interface Sequence {
  readonly sequence: string;
  readonly opened: Pick<Opened, 'seq'>;
  /** Are the rows numbered here, one after the other? */
  readonly isNumbered: boolean;
  readonly counts: Counts;
}

export interface PushResult {
  readonly sequence: string;
  /** The column that made sequences of the rows. */
  readonly by: string | null;
  /** Rows read, bad ones excepted. */
  readonly read: number;
  /** Rows passed over by --skip and --resume. */
  readonly passed: number;
  readonly sent: number;
  readonly acked: number;
  /** Rows that the sequence had already, by their keys. */
  readonly repeated: number;
  readonly badRows: { readonly count: number; readonly first: readonly BadRow[] };
  readonly gaps: number;
  readonly seconds: number;
  /** The first and the last number of the rows, where the producer numbers them. */
  readonly steps: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  /** With --by, each sequence. */
  readonly sequences: readonly ({ readonly sequence: string } & Counts)[] | null;
  /** What was taken of the file, what was left out and why. */
  readonly reading: Choice & Omit<ReadingReport, 'rows' | 'badRows' | 'gaps'>;
}

export interface ResultParts {
  readonly sequence: string;
  readonly by: string | null;
  readonly lanes: readonly Sequence[];
  readonly skipped: number;
  readonly seconds: number;
  readonly choice: Choice;
  readonly report: ReadingReport;
  /** Rows that came too late for their sequence. */
  readonly late: { readonly count: number; readonly first: readonly BadRow[] };
}

/** How many bad rows, and sequences of --by, are named. */
const BAD_NAMED = 5;
const NAMED = 20;

export function resultOf({
  sequence,
  by,
  lanes,
  skipped,
  seconds,
  choice,
  report,
  late,
}: ResultParts): PushResult {
  const { read: _, passed, sent, acked, repeated } = sumOf(lanes.map(({ counts }) => counts));
  const { rows, badRows, gaps, ...others } = report;
  const [only] = lanes;
  const numbered = by === null && only?.isNumbered && sent > 0 ? only.opened.seq + 1 : null;
  return {
    ...{ sequence, by, read: rows, passed: passed + skipped, sent, acked, repeated },
    badRows: {
      count: badRows.count + late.count,
      first: [...badRows.first, ...late.first].sort((a, b) => a.line - b.line).slice(0, BAD_NAMED),
    },
    gaps: gaps.reduce((sum, { count }) => sum + count, 0),
    seconds,
    steps: acked,
    firstSeq: numbered,
    lastSeq: numbered === null ? null : numbered + acked - 1,
    sequences: by === null ? null : lanes.map(({ sequence, counts }) => ({ sequence, ...counts })),
    reading: { ...choice, ...others, notes: [...choice.notes, ...others.notes] },
  };
}

/** Says it in words. */
export function tellResult(
  result: PushResult,
  { isStopped, canResume }: { isStopped: boolean; canResume: boolean },
): string[] {
  return [
    ...(result.sequences ?? [])
      .slice(0, NAMED)
      .map(
        ({ sequence, sent, acked }) => `${sequence}: ${countOf(sent, 'row')} sent, ${grouped(acked)} acked`,
      ),
    ...((result.sequences?.length ?? 0) > NAMED
      ? [`and ${result.sequences!.length - NAMED} sequences more`]
      : []),
    summaryOf(result),
    ...(result.acked < result.sent ? [shortOf(result, isStopped)] : []),
    ...(isStopped && canResume
      ? ['interrupted; the same command with --resume goes on after the rows that are acked']
      : []),
  ];
}

function summaryOf({
  sequence,
  read,
  sent,
  acked,
  passed,
  repeated,
  gaps,
  seconds,
  firstSeq,
  lastSeq,
}: PushResult): string {
  const numbers =
    firstSeq !== null && lastSeq !== null && acked > 0
      ? `, steps ${grouped(firstSeq)} to ${grouped(lastSeq)}`
      : '';
  return [
    `${sequence}: ${countOf(read, 'row')} read`,
    ...(passed > 0 ? [`${grouped(passed)} passed over`] : []),
    `${grouped(sent)} sent`,
    `${grouped(acked)} acked${numbers}`,
    ...(repeated > 0 ? [`${grouped(repeated)} of them known before`] : []),
    ...(gaps > 0 ? [countOf(gaps, 'gap')] : []),
    `${seconds.toFixed(2)} s${sent > 0 ? `, ${grouped(sent / Math.max(1e-3, seconds))} steps/s` : ''}`,
  ].join('; ');
}

const shortOf = ({ sent, acked }: PushResult, isStopped: boolean) =>
  `${countOf(sent - acked, 'row')} sent and not acked${isStopped ? '' : ': they may be lost'}`;
