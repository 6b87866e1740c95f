/** Sequences as a gateway has them. */
import { firstValueFrom } from 'rxjs';
import type { SchemaInput } from '../../src/fields/sequence-schema.js';
import type { ViewMessage } from '../../src/protocol/views/index.js';
import type { AppendedReading, SequenceHandle } from '../../src/sequence/handle.js';
import { LocalDirectory } from '../../src/sequence/local-directory.js';
import type { Registry } from '../../src/sequence/registry.js';
import type { Sequence } from '../../src/sequence/sequence.js';

/** Opens a sequence. @throws EddyError as `open` does */
export function openHandle(registry: Registry, asked: SchemaInput = {}, name = 'a'): SequenceHandle {
  let opened: SequenceHandle | null = null;
  let refusal: unknown = null;
  directoryOf(registry)
    .open(name, 'either', asked, () => undefined)
    .subscribe({
      next: ({ handle }) => {
        opened = handle;
      },
      error: (error) => {
        refusal = error;
      },
    });
  if (refusal) throw refusal;
  return opened!;
}

export const directoryOf = (registry: Registry) =>
  new LocalDirectory(registry, { monotonic: () => 0, wall: () => 0 });

/** What became of an append: the number of its step, the code of its refusal, or null while neither has come. */
export function appended(
  handle: SequenceHandle,
  reading: AppendedReading,
): { outcome: number | string | null } {
  const told: { outcome: number | string | null } = { outcome: null };
  handle.append(reading).subscribe({
    next: (seq) => {
      told.outcome = seq;
    },
    error: ({ code }) => {
      told.outcome = code;
    },
  });
  return told;
}

/** Gathers the messages of a view from now on. */
export function watched<T extends ViewMessage['type']>(sequence: Pick<Sequence, 'watch'>, view: T) {
  const messages: Extract<ViewMessage, { type: T }>[] = [];
  sequence
    .watch(view, { every: 0, delivery: 'every' })
    .subscribe((message) => messages.push(message as Extract<ViewMessage, { type: T }>));
  return messages;
}

/** The entry of a listing for one sequence. */
export async function listed(registry: Registry, name = 'a') {
  const query = { after: '', limit: 1, only: name, covers: null };
  return (await firstValueFrom(directoryOf(registry).list(query))).sequences[0];
}
