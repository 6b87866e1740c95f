/** Damages the file of a data folder in every way that a disk may, and judges what a process makes of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./flip-child.mjs', import.meta.url));
const PAGE = 4096;
/** A process that is silent for longer hangs. */
const PATIENCE_MS = 60_000;

type Told =
  | { readonly seq: number; readonly epoch: string; readonly bits: string }
  | { readonly error: string };

interface Verdict {
  readonly names?: Readonly<Record<string, Told>>;
  readonly refused?: string;
  readonly died?: string;
  /** What it said on stderr. */
  readonly said: string;
}

export const HARMS = ['bit', 'key', 'zeroed', 'swapped', 'older', 'cut'] as const;
export type Harm = (typeof HARMS)[number];

export interface FlipReport {
  readonly trials: number;
  /** How often what came of it, by kind of damage. */
  readonly tally: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What must not be: silence, a dead process, a hang. */
  readonly bad: readonly { readonly harm: Harm; readonly what: string; readonly where: string }[];
}

/** Numbers from 0 to 1, always the same for a seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param counts how many trials of each kind */
export async function flip(counts: Readonly<Record<Harm, number>>, seed: number): Promise<FlipReport> {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-flips-'));
  const judges = [new Judge(folder, 0), new Judge(folder, 1)];
  try {
    const { good, older, witness } = await make(folder);
    const truth = (await judges[0]!.look(good)).names ?? {};
    const random = randomOf(seed);
    const harms = HARMS.flatMap((harm) => Array.from({ length: counts[harm] }, () => harm));
    const tally: Record<string, Record<string, number>> = {};
    const bad: FlipReport['bad'][number][] = [];
    const work = async (judge: Judge): Promise<void> => {
      for (let harm = harms.pop(); harm !== undefined; harm = harms.pop()) {
        const { bytes, where } = damage(harm, good, older, random);
        const outcome = outcomeOf(await judge.look(bytes, harm === 'older' ? witness : null), truth);
        const outcomes = tally[harm] ?? {};
        tally[harm] = outcomes;
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (/[A-Z]{4}/.test(outcome)) bad.push({ harm, what: outcome, where });
      }
    };
    const trials = harms.length;
    await Promise.all(judges.map(work));
    return { trials, tally, bad };
  } finally {
    for (const judge of judges) judge.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a folder, by a process that is killed; gives its file, and the file as it was before. */
async function make(folder: string): Promise<{ good: Buffer; older: Buffer[]; witness: Buffer }> {
  const [data, copies] = [join(folder, 'made'), join(folder, 'copies')];
  mkdirSync(copies);
  await new Promise((resolve) => fork(CHILD, ['make', data, copies]).once('exit', resolve));
  const older = readdirSync(copies).map((name) => readFileSync(join(copies, name)));
  return {
    good: readFileSync(join(data, 'data.mdb')),
    older,
    witness: readFileSync(join(data, 'eddy.end')),
  };
}

const KEYS = [
  /name\/(one|two|three)/g,
  /log\/[0-9a-f]{12}\/([0-9a-f]{14}\/[0-9a-f]{8}|end)/g,
  /(checkpoint|about)\/[0-9a-f]{12}\/[0-9a-f]{14}/g,
  /past\/[0-9a-f]{12}\/[a-z]+\/[0-9a-f/]{54}/g,
  /format|roster/g,
];

function damage(
  harm: Harm,
  good: Buffer,
  older: readonly Buffer[],
  random: () => number,
): { bytes: Buffer; where: string } {
  const bytes = Buffer.from(good);
  const below = (end: number) => Math.floor(random() * end);
  const pages = good.length / PAGE;
  const pageAt = (number: number, from = good) => from.subarray(number * PAGE, (number + 1) * PAGE);
  if (harm === 'bit' || harm === 'key') {
    let at = below(good.length);
    if (harm === 'key') at = keyPlace(good, random);
    else for (let i = 0; i < 1000 && good[at] === 0 && i % 4 !== 3; i++) at = below(good.length);
    const bit = 1 << below(8);
    bytes[at] = bytes[at]! ^ bit;
    return { bytes, where: `bit ${bit} of byte ${at}, page ${at >> 12} at ${at & 4095}` };
  }
  const page = below(pages);
  if (harm === 'zeroed') bytes.fill(0, page * PAGE, (page + 1) * PAGE);
  else if (harm === 'swapped') {
    const other = below(pages);
    pageAt(other).copy(bytes, page * PAGE);
    pageAt(page).copy(bytes, other * PAGE);
    return { bytes, where: `pages ${page} and ${other}` };
  } else if (harm === 'older') {
    const from = older[below(older.length)]!;
    if ((page + 1) * PAGE <= from.length) pageAt(page, from).copy(bytes, page * PAGE);
  } else {
    const size = below(good.length);
    return { bytes: bytes.subarray(0, size), where: `${size} bytes` };
  }
  return { bytes, where: `page ${page}` };
}

let places: readonly number[] = [];
let placesOf: Buffer | null = null;

/** Gives a place within a key. */
function keyPlace(good: Buffer, random: () => number): number {
  if (placesOf !== good) {
    const text = good.toString('latin1');
    placesOf = good;
    places = KEYS.flatMap((key) =>
      [...text.matchAll(key)].flatMap((match) => Array.from(match[0], (_, i) => match.index + i)),
    );
  }
  return places[Math.floor(random() * places.length)]!;
}

function outcomeOf({ names, refused, died, said }: Verdict, truth: Readonly<Record<string, Told>>): string {
  if (died !== undefined) return `PROCESS ${died}`;
  if (refused !== undefined)
    return refused === 'store-damaged' ? 'the store is refused' : `REFUSED WITH ${refused}`;
  const outcomes = Object.entries(truth).flatMap(([name, true_]) => {
    const found = names?.[name];
    if (!found || !('bits' in true_)) return [`NOTHING TOLD of ${name}`];
    const isNamed = new RegExp(`\\b${name}\\b`).test(said);
    if ('error' in found) {
      if (found.error === 'sequence-unknown')
        return [isNamed ? 'SEQUENCE GONE, named' : 'SEQUENCE GONE, SILENT'];
      return found.error === 'store-damaged' ? ['a sequence is refused'] : [`REFUSED WITH ${found.error}`];
    }
    if (found.seq === true_.seq && found.bits === true_.bits) return isNamed ? ['named, same bits'] : [];
    const isNew = found.epoch !== true_.epoch;
    if (found.seq < true_.seq && isNew && isNamed) return ['cut, named, new epoch'];
    return [
      `${found.seq < true_.seq ? 'SHORTER' : 'OTHER BITS'}, ${isNew ? 'new' : 'SAME'} epoch, ${isNamed ? 'named' : 'SILENT'}`,
    ];
  });
  return [...new Set(outcomes)].sort().join(' + ') || 'no effect';
}

/** A process that opens one folder after the other. */
class Judge {
  private child: ChildProcess | null = null;
  private said = '';
  private trial = 0;

  constructor(
    private readonly folder: string,
    private readonly number: number,
  ) {}

  /** @param witness what lies beside the file; only an older page that is whole in itself needs it to be seen */
  async look(bytes: Buffer, witness: Buffer | null = null): Promise<Verdict> {
    const damaged = join(this.folder, `trial-${this.number}-${this.trial++}`);
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'data.mdb'), bytes);
    if (witness) writeFileSync(join(damaged, 'eddy.end'), witness);
    const child = this.child ?? (await this.start());
    this.said = '';
    const verdict = await new Promise<Omit<Verdict, 'said'>>((resolve) => {
      const end = (told: Omit<Verdict, 'said'>) => {
        clearTimeout(timer);
        child.off('exit', gone);
        child.off('message', end);
        resolve(told);
      };
      const gone = (code: number | null, signal: string | null) => end({ died: `DIED of ${signal ?? code}` });
      const timer = setTimeout(() => {
        child.off('exit', gone);
        child.kill('SIGKILL');
        end({ died: 'HANGS' });
      }, PATIENCE_MS);
      child.once('exit', gone);
      child.once('message', end);
      child.send({ damaged });
    });
    if (verdict.died !== undefined) this.child = null;
    rmSync(damaged, { recursive: true, force: true });
    // stderr is a pipe, and the message may overtake it
    await new Promise((resolve) => setImmediate(resolve));
    return { ...verdict, said: this.said };
  }

  end(): void {
    this.child?.kill('SIGKILL');
  }

  private async start(): Promise<ChildProcess> {
    const child = fork(CHILD, ['judge'], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    child.stderr?.on('data', (text) => {
      this.said += text;
    });
    await new Promise((resolve) => child.once('message', resolve));
    this.child = child;
    return child;
  }
}
