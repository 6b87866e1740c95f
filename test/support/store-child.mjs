// A process of its own with a store on LMDB: what it reports, it prints.
import { openLmdbStore } from '../../dist/src/store/lmdb/lmdb.js';

const [, , folder, mode] = process.argv;
const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);

try {
  const store = await openLmdbStore(folder, { retryMs: 20 });
  say('open');
  const sequence = store.open('s', {
    onDurable: (end) => say('durable', end),
    onCheckpoint: ({ position }) => say('checkpoint', position),
  });
  /** Appends one step of so many numbers. */
  const append = (numbers) => {
    const first = sequence.end;
    return sequence.append({ kind: 'steps', first, x: new Float32Array(numbers).fill(first), targets: null });
  };
  if (mode === 'push') {
    const push = () => {
      for (let i = 0; i < 5; i++) append(8);
      if (sequence.end % 100 === 0)
        sequence.checkpoint({ position: sequence.end, savedAt: 0, state: { end: sequence.end } });
      setImmediate(push);
    };
    push();
  } else if (mode === 'fill') {
    // until the disk is full, and on for as long as it is
    let wasFailing = false;
    const push = () => {
      const isFailing = store.failure !== null;
      if (isFailing !== wasFailing) say(isFailing ? `failing ${store.failure.code}` : 'mended');
      wasFailing = isFailing;
      if (!isFailing) append(2000);
      setTimeout(push, 1);
    };
    push();
  } else setInterval(() => undefined, 1000);
} catch (error) {
  say('refused', error.code, error.message);
}
