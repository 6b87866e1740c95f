/** Tells receivers when alerts start and end: rules judge the sequences, what they find is kept, and is delivered. */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import type { Change } from '../alerts/followed.js';
import type { Alerted, Stand } from '../alerts/rule-judge.js';
import type { Rule } from '../alerts/rule-schema.js';
import { Follower, type FollowerParts } from '../alerts/sequence-follower.js';
import { SequenceRules } from '../alerts/sequence-rules.js';
import type { Audit } from '../telemetry/audit.js';
import { LogThrottle } from '../telemetry/log-throttle.js';
import { AddressGuard, type Resolve } from './address-guard.js';
import { cloudEvent } from './cloud-event.js';
import { Delivery, type Outcome, type Queued } from './delivery.js';
import type { Journal } from './journal.js';
import { type Entry, Kept } from './kept.js';
import type { Answer } from './post.js';
import { readSecrets } from './signature.js';
import type { Webhook, WebhookSettings } from './webhook-schema.js';

export interface WebhooksParts {
  readonly webhooks: readonly Webhook[];
  readonly rules: readonly Rule[];
  readonly settings: WebhookSettings;
  readonly journal: Journal<Entry<Stand>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly audit: Audit;
  readonly resolve?: Resolve;
}

export const OUTCOMES = ['delivered', 'failed', 'too-old', 'too-many', 'refused', 'gone'] as const;

interface Receiver {
  readonly webhook: Webhook;
  readonly name: string;
  readonly key: string;
  readonly delivery: Delivery;
  readonly counts: Record<Outcome, number>;
  secrets: readonly Buffer[];
}

export class Webhooks {
  readonly receivers: readonly Receiver[];
  private readonly kept: Kept<Stand>;
  private follower: Follower | null = null;
  private readonly throttle: LogThrottle;
  /** Notices on their way to disk. */
  private storing: Promise<unknown> = Promise.resolve();
  private isEnded = false;

  /** @throws EddyError `credentials-invalid`, `setting-invalid` */
  constructor(private readonly parts: WebhooksParts) {
    const { webhooks, settings, journal, clock, logger, resolve } = parts;
    this.throttle = new LogThrottle(() => clock.monotonic());
    const guard = new AddressGuard({ ...settings, ...(resolve && { resolve }) });
    this.receivers = webhooks.map((webhook) => this.receiverOf(webhook, guard));
    this.kept = new Kept(journal, (error) =>
      logger.error({ err: error }, 'what webhooks have to tell cannot be stored: a crash would lose it'),
    );
    const keys = new Set(this.receivers.map(({ key }) => key));
    const gone = [...this.kept.receivers].filter((to) => !keys.has(to));
    for (const to of gone) this.forget(to);
    for (const { key, delivery } of this.receivers) {
      delivery.isOff = this.kept.isOff(key);
      for (const { id, body, at } of [...this.kept.waitingFor(key)]) delivery.add({ id, body, at });
    }
  }

  /** Begins to judge the sequences. */
  start(parts: Pick<FollowerParts, 'directory' | 'woken$' | 'removed$'>): void {
    const { clock, logger, rules } = this.parts;
    this.follower = new Follower({
      ...parts,
      clock,
      rules: new SequenceRules(rules),
      stands: this.kept.stands,
      keep: (changes) => this.take(changes),
      onFault: (error) => logger.error({ err: error }, 'the rules cannot follow a sequence'),
    });
    this.follower.start();
  }

  /** How many sequences the rules follow, and how many not, since there are too many. */
  get followed(): { readonly count: number; readonly leftOut: number } {
    return { count: this.follower?.size ?? 0, leftOut: this.follower?.leftOut ?? 0 };
  }

  /** Milliseconds since the oldest notice was queued; 0 if none waits. */
  ageOf({ delivery }: Receiver): number {
    return delivery.oldestAt === null ? 0 : Math.max(0, this.parts.clock.wall() - delivery.oldestAt);
  }

  /** Reads the secrets again, and tries receivers again that were gone. @throws EddyError `credentials-invalid`; then nothing changes */
  reload(): string {
    const secrets = this.receivers.map(({ webhook }) => this.secretsOf(webhook));
    for (const [i, receiver] of this.receivers.entries()) {
      receiver.secrets = secrets[i]!;
      if (receiver.delivery.isOff) void this.kept.add([{ do: 'on', to: receiver.key }]);
      receiver.delivery.wake();
    }
    return `${this.receivers.length} webhooks`;
  }

  /** Sends no more, and keeps what waits; resolves when it is kept. */
  async end(): Promise<void> {
    this.follower?.end();
    await this.storing;
    this.isEnded = true;
    for (const { delivery } of this.receivers) delivery.end();
    await this.kept.close();
  }

  private receiverOf(webhook: Webhook, guard: AddressGuard): Receiver {
    const { settings, clock, random } = this.parts;
    const url = new URL(webhook.url);
    const receiver: Receiver = {
      webhook,
      name: webhook.name ?? url.host,
      key: createHash('sha256').update(webhook.url).digest('base64url').slice(0, 16),
      counts: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>,
      secrets: this.secretsOf(webhook),
      delivery: new Delivery({
        url,
        post: { guard, clock, secrets: () => receiver.secrets, timeoutMs: settings.timeoutMs },
        limits: { notices: settings.queueNotices, bytes: settings.queueBytes, ageMs: settings.queueMs },
        clock,
        random,
        onOutcome: (outcome, parcel, answer, retryMs) =>
          this.hear(receiver, outcome, parcel, answer, retryMs),
      }),
    };
    return receiver;
  }

  /** @throws EddyError `credentials-invalid` */
  private secretsOf({ secret }: Webhook): Buffer[] {
    const file = secret ?? this.parts.settings.secret;
    return file === undefined ? [] : readSecrets(file, (text) => this.parts.logger.warn(text));
  }

  /** Nobody is to be told any more what waits for a receiver that is not set. */
  private forget(to: string): void {
    const waiting = [...this.kept.waitingFor(to)];
    if (waiting.length > 0)
      this.parts.logger.warn(
        { notices: waiting.length },
        'notices are given up: their webhook is not set any more',
      );
    void this.kept.add([...waiting.map(({ id }) => ({ do: 'end', to, id }) as const), { do: 'on', to }]);
  }

  private take(changes: readonly Change[]): void {
    const at = this.parts.clock.wall();
    const queued: { readonly receiver: Receiver; readonly parcel: Queued }[] = [];
    const entries: Entry<Stand>[] = [];
    for (const { sequence, stand, alerted } of changes) {
      entries.push({ do: 'stand', sequence, stand });
      for (const one of alerted) {
        const { id, body } = noticeOf(sequence, one);
        this.parts.logger.info({ sequence, rule: one.rule, state: one.state, seq: one.seq }, 'alert');
        for (const receiver of this.receivers) {
          if (receiver.webhook.rules && !receiver.webhook.rules.includes(one.rule)) continue;
          queued.push({ receiver, parcel: { id, body, at } });
          entries.push({ do: 'add', to: receiver.key, id, body, at });
        }
      }
    }
    if (entries.length === 0) return;
    // what is sent must not be forgotten, or a restart could tell it again as another notice
    this.storing = Promise.all([this.storing, this.kept.add(entries)]).then(() => {
      if (!this.isEnded) for (const { receiver, parcel } of queued) receiver.delivery.add(parcel);
    });
  }

  private hear(
    receiver: Receiver,
    outcome: Outcome,
    { id }: Queued,
    answer: Answer | null,
    retryMs: number | null,
  ): void {
    const { logger, audit } = this.parts;
    const { name: webhook, key: to, counts } = receiver;
    counts[outcome]++;
    const why =
      answer === null ? undefined : answer.status === null ? whyOf(answer.error) : `HTTP ${answer.status}`;
    if (outcome === 'failed') {
      const write = (fields: Record<string, unknown>, text: string) => logger.warn(fields, text);
      this.throttle.say(write, `${to} ${why}`, { webhook, id, why, retryMs }, 'a webhook was not taken');
      return;
    }
    const entries: Entry<Stand>[] = [{ do: 'end', to, id }];
    if (outcome !== 'delivered') {
      const write = (fields: Record<string, unknown>, text: string) => logger.error(fields, text);
      this.throttle.say(write, `${to} ${outcome}`, { webhook, id, outcome, why }, 'a notice was given up');
    }
    if (outcome === 'gone' && answer !== null) {
      entries.push({ do: 'off', to });
      const reason = 'the receiver answered 410 Gone; it is tried again after a reload (SIGHUP)';
      audit({ what: 'webhook-off', who: webhook, address: null, reason });
    }
    void this.kept.add(entries);
  }
}

const whyOf = (error: Error): string => {
  const { code } = error as { code?: unknown };
  const isCoded = error instanceof EddyError || (typeof code === 'string' && !error.message.includes(code));
  return isCoded ? `${String(code)}: ${error.message}` : error.message;
};

/** The notice of a start or an end: the same from the same steps. */
function noticeOf(sequence: string, alerted: Alerted): { readonly id: string; readonly body: string } {
  const { rule, on, state, seq, epoch, at, since, count, peak, detail } = alerted;
  const occurrence = JSON.stringify([sequence, epoch, rule, state, count, seq]);
  const id = `msg_${createHash('sha256').update(occurrence).digest('base64url').slice(0, 24)}`;
  const type = state === 'start' ? ('eddy.alert.start' as const) : ('eddy.alert.end' as const);
  const data = {
    rule,
    on,
    state,
    sequence,
    seq,
    epoch,
    since: new Date(since).toISOString(),
    peak,
    ...detail,
  };
  return { id, body: JSON.stringify(cloudEvent({ id, type, time: at, sequence, data })) };
}
