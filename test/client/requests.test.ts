import { describe, expect, it } from 'vitest';
import { Requests } from '../../client/sdk/requests.js';
import { EddyError } from '../../src/errors.js';
import type { ClientMessage } from '../../src/protocol/messages.js';
import { failure } from './scripted-peer.js';

function recorded() {
  const sent: ClientMessage[] = [];
  const heard: string[] = [];
  const requests = new Requests((message) => sent.push(message));
  const ask = (name: string) =>
    requests.ask(
      { type: 'reset', channel: 1, what: 'state' },
      () => heard.push(`${name} answered`),
      ({ code }) => heard.push(`${name} ${code}`),
    );
  return { requests, sent, heard, ask };
}

describe('requests', () => {
  it('[SDK26] get the answer that carries their number, once', () => {
    const { requests, sent, heard, ask } = recorded();
    ask('first');
    ask('second');
    const [first, second] = sent.map((message) => ('id' in message ? message.id : -1));
    expect(first).not.toBe(second);
    expect(requests.settle({ type: 'done', re: second! })).toBe(true);
    expect(requests.settle(failure('setting-invalid', { re: first! }))).toBe(true);
    expect(requests.settle({ type: 'done', re: first! })).toBe(false);
    expect(requests.settle({ type: 'done', re: 12345 })).toBe(false);
    expect(requests.settle(failure('message-invalid'))).toBe(false);
    expect(heard).toEqual(['second answered', 'first setting-invalid']);
  });

  it('[SDK26] fail once when no answer can come', () => {
    const { requests, heard, ask } = recorded();
    const lost = new EddyError('connection-lost', 'gone');
    ask('first');
    requests.failAll(lost);
    ask('second');
    requests.failAll(lost);
    expect(heard).toEqual(['first connection-lost', 'second connection-lost']);
  });
});
