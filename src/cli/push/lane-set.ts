/** The sequences that rows go to: one, or one for each value of a column. */
import { EddyError } from '../../errors.js';
import { MAX_NAME, SEQUENCE_NAME } from '../../protocol/messages.js';
import type { ServerConnection } from '../shared/server-connection.js';
import { Lane, type LaneOptions } from './lane.js';

/** Sequences that --by opens at most, and those that one socket holds. */
const MAX_LANES = 1000;
const PER_SOCKET = 250;

export interface LaneSetParts extends LaneOptions {
  /** The sequence, or what the names of the sequences begin with. */
  readonly sequence: string;
  /** Connects once more. */
  readonly connect: () => Promise<ServerConnection>;
  readonly first: ServerConnection;
}

export class LaneSet {
  private readonly lanes = new Map<string | null, Lane>();
  private readonly opening = new Map<string | null, Promise<Lane>>();
  /** The values by their sequence's name. */
  private readonly values = new Map<string, string | null>();
  private readonly connections: ServerConnection[];

  constructor(private readonly parts: LaneSetParts) {
    this.connections = [parts.first];
  }

  get all(): readonly Lane[] {
    return [...this.lanes.values()];
  }

  /** Gives the lane of a value that is open already. */
  get(by: string | null): Lane | undefined {
    return this.lanes.get(by);
  }

  /** @throws EddyError of `open`, and `sequence-name-invalid`, `sequence-limit` for values that give no name of their own */
  async open(by: string | null): Promise<Lane> {
    const opening = this.opening.get(by) ?? this.openNew(by);
    this.opening.set(by, opening);
    return opening;
  }

  close(): void {
    for (const { client } of this.connections) client.close();
  }

  private async openNew(by: string | null): Promise<Lane> {
    const { parts, lanes, values } = this;
    if (lanes.size >= MAX_LANES)
      throw new EddyError(
        'sequence-limit',
        `--by gives more than ${MAX_LANES} sequences; is it the right column?`,
      );
    const name = by === null ? parts.sequence : nameOf(parts.sequence, by);
    const other = values.get(name);
    if (other !== undefined)
      throw new EddyError(
        'sequence-name-invalid',
        `${JSON.stringify(other)} and ${JSON.stringify(by)} would both be the sequence ${name}`,
      );
    values.set(name, by);
    if (by !== null && !name.endsWith(by)) parts.say(`${JSON.stringify(by)} goes to ${name}`);
    const lane = await Lane.open((await this.connectionFor(lanes.size)).client, name, parts);
    lanes.set(by, lane);
    return lane;
  }

  private async connectionFor(index: number): Promise<ServerConnection> {
    const at = Math.floor(index / PER_SOCKET);
    this.connections[at] ??= await this.parts.connect();
    return this.connections[at];
  }
}

/** Gives the name of a value's sequence: what a name cannot hold becomes `_`. @throws EddyError `sequence-name-invalid` */
export function nameOf(prefix: string, value: string): string {
  const name = `${prefix}/${value.replaceAll(/[^\w.:/-]+/g, '_')}`;
  if (SEQUENCE_NAME.test(name)) return name;
  throw new EddyError(
    'sequence-name-invalid',
    `${JSON.stringify(name.slice(0, MAX_NAME + 1))} is no name of a sequence: 1 to ${MAX_NAME} of A-Z a-z 0-9 . _ : / -, a letter or digit first`,
  );
}
