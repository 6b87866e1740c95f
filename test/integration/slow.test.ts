import { expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { RawClient, startServer } from '../support/server.js';

it('[BRN4] a dashboard that never reads is closed with 3001 and costs bounded memory; nobody beside it misses a step', async () => {
  const { url } = await startServer({ queueCloseMs: 500 });
  const spec = { features: 8, units: 256, readout: { kind: 'none' } } as const;
  const producer = connect(url);
  const handle = producer.open('fast', { spec });
  await handle.opened;
  const fast: number[] = [];
  const dashboard = connect(url);
  dashboard.watch('fast').states$.subscribe(({ seq, skipped }) => fast.push(seq, skipped));
  const slow = await RawClient.connect(url);
  await slow.request({ type: 'subscribe', sequence: 'fast', view: 'states' });
  while (fast.length === 0) {
    handle.push(new Float32Array(8));
    await handle.drained();
  }
  const first = fast[0]!;
  slow.socket.pause();
  let isGone = false;
  void slow.closed.then(() => {
    isGone = true;
  });
  // more than what the kernel holds for one who does not read
  for (let t = 0; t < 30_000; t++) {
    if (handle.room === 0) await handle.ready();
    handle.push(new Float32Array(8).fill(Math.sin(t)));
  }
  await handle.drained();
  slow.socket.resume();
  const { code } = await slow.closed;
  expect([isGone, code]).toEqual([true, 3001]);
  const last = fast.at(-2)!;
  expect(fast.length / 2).toBe(last - first + 1);
  expect(fast.filter((_, i) => i % 2 === 1).some((skipped) => skipped > 0)).toBe(false);
  producer.close();
  dashboard.close();
});
