/** Tells the audit what the requests of one socket have done, as they are answered. */
import type { ClientMessage, ServerMessage } from '../../protocol/messages.js';
import type { SequenceHandle } from '../../sequence/handle.js';
import type { Access } from '../auth/access.js';
import { type Audit, type AuditEvent, whoOf } from '../telemetry/audit.js';

export interface AuditTrailParts {
  readonly audit: Audit;
  readonly address: string | null;
  readonly connection: number;
}

type Changed = Pick<SequenceHandle, 'name' | 'epoch' | 'durable' | 'learning' | 'learningRate'>;
/** Tells of a request by its answer. */
type Tell = (answer: ServerMessage) => void;

export class AuditTrail {
  constructor(private readonly parts: AuditTrailParts) {}

  /**
   * Called before a request acts; gives what is to be called with its answer, before that is sent. Undefined for a request
   * that changes nothing.
   *
   * @param handle the sequence on the channel of the request, if it names one
   */
  begin(message: ClientMessage, access: Access, handle: Changed | undefined): Tell | undefined {
    const { audit, address, connection } = this.parts;
    const say = ({ what, ...event }: Pick<AuditEvent, 'what' | 'sequence' | 'before' | 'after'>) =>
      audit({ what, who: whoOf(access, address), address, connection, ...event });
    if (message.type === 'open')
      return (answer) => {
        if (answer.type !== 'opened' || !answer.created) return;
        const { units, cell, features } = answer.spec;
        const after = { epoch: answer.epoch, cell, features, units };
        say({ what: 'open', sequence: message.sequence, after });
      };
    if (message.type === 'remove') return () => say({ what: 'remove', sequence: message.sequence });
    if (!handle) return undefined;
    const { name: sequence, epoch, learning, learningRate } = handle;
    if (message.type === 'configure') {
      const before = { learning, learningRate };
      const asked = { learning: message.learning, learningRate: message.learningRate };
      const after = {
        learning: asked.learning ?? learning,
        learningRate: asked.learningRate ?? learningRate,
      };
      return () => say({ what: 'configure', sequence, before, after });
    }
    if (message.type === 'reset')
      return () =>
        say({
          what: 'reset',
          sequence,
          before: { epoch },
          after: { epoch: handle.epoch, reset: message.what },
        });
    if (message.type === 'checkpoint')
      return () => say({ what: 'checkpoint', sequence, after: { epoch: handle.epoch, seq: handle.durable } });
    return undefined;
  }
}
