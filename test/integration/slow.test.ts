import { expect, it } from 'vitest';
import { connect } from '../../client/sdk/node.js';
import { parseMetrics, sample } from '../support/prometheus.js';
import { RawClient, startServer } from '../support/server.js';

/** 16 KiB of hidden states a step: the kernel may hold over 32 MiB for one who does not read. */
const SPEC = { features: 1, units: 64, batch: 64, readout: { kind: 'none' } } as const;
/** Few enough that a socket which is read never fills. */
const BLOCK = 8;

it('[BRN4] a dashboard that never reads is closed with 3001 and costs bounded memory; nobody beside it misses a step', async () => {
  const { url, httpUrl } = await startServer({ queueCloseMs: 500 });
  const views = async () =>
    sample(parseMetrics(await (await fetch(`${httpUrl}/metrics`)).text()), 'eddy_views');
  const producer = connect(url);
  const handle = producer.open('fast', { spec: SPEC });
  await handle.opened;
  let pushed = 0;
  const push = async () => {
    for (let i = 0; i < BLOCK; i++) handle.push(new Float32Array(SPEC.batch).fill(Math.sin(pushed++)));
    await handle.drained();
  };
  const fast: number[] = [];
  const dashboard = connect(url);
  dashboard.watch('fast').states$.subscribe(({ seq, skipped }) => fast.push(seq, skipped));
  const slow = await RawClient.connect(url);
  await slow.request({ type: 'subscribe', sequence: 'fast', view: 'states' });
  while (fast.length === 0) await push();
  const first = fast[0]!;
  expect(await views()).toBe(2);
  slow.socket.pause();
  // it is closed at the server while it still does not read
  while ((await views()) === 2) await push();
  slow.socket.resume();
  expect((await slow.closed).code).toBe(3001);
  await expect.poll(() => fast.at(-2)).toBe(pushed - 1);
  expect(fast.length / 2).toBe(pushed - first);
  expect(fast.filter((_, i) => i % 2 === 1).some((skipped) => skipped > 0)).toBe(false);
  producer.close();
  dashboard.close();
});
