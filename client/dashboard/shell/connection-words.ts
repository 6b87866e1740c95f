import type { ConnectionState } from '../../sdk/index.js';

export interface ConnectionWords {
  readonly tone: 'good' | 'busy' | 'bad';
  readonly label: string;
  /** What else there is to say; empty where that is nothing. */
  readonly detail: string;
}

/**
 * Says where a connection stands.
 *
 * @param waited milliseconds since the state began, for those that end by themselves
 */
export function connectionWords(state: ConnectionState, waited: number): ConnectionWords {
  switch (state.status) {
    case 'connecting':
      return { tone: 'busy', label: 'connecting', detail: '' };
    case 'open':
      return { tone: 'good', label: 'connected', detail: state.server };
    case 'waiting': {
      const left = Math.max(0, Math.ceil((state.delay - waited) / 1000));
      return { tone: 'busy', label: `retrying in ${left} s`, detail: state.reason.message };
    }
    case 'closed':
      return { tone: 'bad', label: 'closed', detail: `${state.reason.message} (${state.reason.code})` };
  }
}
