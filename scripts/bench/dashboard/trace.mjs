/**
 * Reads from a trace of the browser how long the main threads of its pages worked, and when they drew. Work is the time
 * of the processor that a task took; beside it stands the time on the clock, which also has the waits for a processor.
 */

const SLOT_US = 1e6 / 60;

/** Traces for `ms` milliseconds. Gives draws, and percentiles of work from draw to draw and in each sixtieth of a second. */
export async function traceFrames(session, ms) {
  const events = [];
  const take = ({ value }) => events.push(...value);
  session.on('Tracing.dataCollected', take);
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: [
        'toplevel',
        'devtools.timeline',
        'disabled-by-default-devtools.timeline',
        '__metadata',
      ],
    },
  });
  await new Promise((resolve) => setTimeout(resolve, ms));
  const ended = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await ended;
  session.off('Tracing.dataCollected', take);
  return readFrames(events);
}

function readFrames(events) {
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const threads = new Map();
  for (const event of events) {
    const key = `${event.pid} ${event.tid}`;
    if (!mains.has(key)) continue;
    const thread = threads.get(key) ?? { tasks: [], draws: [] };
    threads.set(key, thread);
    if (event.name === 'RunTask' || event.name === 'ThreadControllerImpl::RunTask')
      thread.tasks.push({ from: event.ts, dur: event.dur ?? 0, work: event.tdur ?? event.dur ?? 0 });
    if (event.name === 'FireAnimationFrame') thread.draws.push(event.ts);
  }
  const [drawn, slots, onClock] = [[], [], []];
  let [draws, busy, span] = [0, 0, 0];
  for (const { tasks, draws: at } of threads.values()) {
    if (at.length < 2) continue;
    const own = outermost(tasks);
    at.sort((a, b) => a - b);
    draws += at.length;
    const [from, to] = [at[0], at.at(-1)];
    const edges = Array.from({ length: Math.floor((to - from) / SLOT_US) + 1 }, (_, i) => from + i * SLOT_US);
    drawn.push(...workBetween(own, at, ({ work }) => work));
    slots.push(...workBetween(own, edges, ({ work }) => work));
    onClock.push(...workBetween(own, at, ({ dur }) => dur));
    busy += own.reduce((sum, { work }) => sum + work, 0);
    span += own.at(-1).from - own[0].from;
  }
  const of = (numbers, ps) => ps.map((p) => percentile(numbers, p));
  return {
    draws,
    drawn: of(drawn, [0.5, 0.95, 0.99]),
    slots: of(slots, [0.95, 0.99]),
    onClock: of(onClock, [0.5, 0.95, 0.99]),
    busy: busy / span,
  };
}

/** Tasks in their order, without those that run within another. */
function outermost(tasks) {
  let end = 0;
  return tasks
    .toSorted((a, b) => a.from - b.from || b.dur - a.dur)
    .filter(({ from, dur }) => {
      if (from < end) return false;
      end = from + dur;
      return true;
    });
}

/** Milliseconds of work between one edge and the next; a task counts where it overlaps, evenly over its time. */
function workBetween(tasks, edges, workOf) {
  const sums = new Array(edges.length - 1).fill(0);
  let i = 0;
  for (const task of tasks) {
    const { from, dur } = task;
    while (i < sums.length && edges[i + 1] <= from) i++;
    for (let j = i; j < sums.length && edges[j] < from + dur; j++) {
      const overlap = Math.min(from + dur, edges[j + 1]) - Math.max(from, edges[j]);
      if (overlap > 0) sums[j] += ((overlap / dur) * workOf(task)) / 1000;
    }
  }
  return sums;
}

const percentile = (numbers, p) =>
  numbers.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(p * numbers.length) - 1)] ?? Number.NaN;
