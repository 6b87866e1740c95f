/** eddy webhook: sends a test notice, and tells what the receiver made of it. */
import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { repeated } from '../shared/option-parsers.js';
import { say, writeLine } from '../shared/output.js';

interface TestOptions {
  webhookSecret?: string;
  webhookAllow?: string[];
  webhookAllowPrivate?: boolean;
}

/** Milliseconds to wait for the answer. */
const TIMEOUT_MS = 15_000;

export function addWebhook(program: Command): void {
  program
    .command('webhook')
    .description('try a receiver of webhooks')
    .command('test')
    .description('send a notice of the type eddy.test; exit with 1 if it is not taken')
    .argument('<url>', 'URL of the receiver', webUrl)
    .option('--webhook-secret <file>', 'file with the secrets that sign it, as eddy serve has it')
    .option('--webhook-allow <network>', 'address or network that may be called; repeatable', repeated)
    .option('--webhook-allow-private', 'call any address, also this machine and its network')
    .addHelpText(
      'after',
      '\nExamples:\n  $ eddy webhook test https://hooks.example/eddy --webhook-secret hook.secret\n  $ eddy webhook test http://127.0.0.1:8080/ --webhook-allow-private',
    )
    .action(sendTest);
}

async function sendTest(url: URL, options: TestOptions): Promise<void> {
  const { systemClock: clock } = await import('../../clock.js');
  const { EddyError } = await import('../../errors.js');
  const { AddressGuard } = await import('../../server/webhooks/address-guard.js');
  const { cloudEvent } = await import('../../server/webhooks/cloud-event.js');
  const { post } = await import('../../server/webhooks/post.js');
  const { readSecrets } = await import('../../server/webhooks/signature.js');
  const { webhookSecret, webhookAllow: allow = [], webhookAllowPrivate: allowPrivate = false } = options;
  const guard = new AddressGuard({ allow, allowPrivate });
  const keys = webhookSecret === undefined ? [] : readSecrets(webhookSecret, say);
  const id = `msg_${randomUUID()}`;
  const data = { message: 'A test of eddy webhook test: nothing has happened.' };
  const body = JSON.stringify(cloudEvent({ id, type: 'eddy.test', time: clock.wall(), data }));
  const since = clock.monotonic();
  const parts = { guard, clock, secrets: () => keys, timeoutMs: TIMEOUT_MS };
  const answer = await post(url, { id, body }, parts).answer;
  if (answer.status === null) throw answer.error;
  const ms = Math.round(clock.monotonic() - since);
  if (answer.status < 200 || answer.status > 299)
    throw new EddyError('webhook-failed', `the receiver answered HTTP ${answer.status} after ${ms} ms`);
  const signed = keys.length === 0 ? 'not signed' : `signed by ${keys.length}`;
  await writeLine(`taken: HTTP ${answer.status} after ${ms} ms, ${signed}, ${id}`);
}

function webUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new InvalidArgumentError('It must be an http or https URL.');
}
