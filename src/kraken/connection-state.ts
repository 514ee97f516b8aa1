import { unreachable } from '../lib/unreachable.ts';

/**
 * One socket's life as a union: each state carries just what it needs. `epoch` numbers the sockets, so that
 * a late event of an old one is told apart; `attempt` counts failures since the last stable connection.
 */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly epoch: number; readonly attempt: number }
  | { readonly kind: 'open'; readonly epoch: number; readonly attempt: number; readonly sinceMs: number }
  | {
      readonly kind: 'backingOff';
      readonly epoch: number;
      readonly attempt: number;
      readonly retryAtMs: number;
    }
  | { readonly kind: 'closed'; readonly epoch: number };

export type ConnectionEvent =
  /** Someone wants a connection. `delayMs` is how long to wait before the first attempt, 0 as a rule. */
  | { readonly kind: 'connect'; readonly nowMs: number; readonly delayMs: number }
  /** The socket opened and Kraken spoke on it. */
  | { readonly kind: 'greeted'; readonly epoch: number; readonly nowMs: number }
  /** The connection has held long enough for its failures to be forgotten. */
  | { readonly kind: 'stable'; readonly epoch: number }
  /** The socket failed, closed, or was found dead. `delayMs` is how long to wait before the next attempt. */
  | { readonly kind: 'lost'; readonly epoch: number; readonly nowMs: number; readonly delayMs: number }
  /** The wait is over. */
  | { readonly kind: 'retry'; readonly epoch: number }
  /** Nobody wants the connection any more. */
  | { readonly kind: 'disconnect' };

/** The next state. An event that means nothing in this state, or comes from an old epoch, changes nothing. */
export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.kind) {
    case 'connect':
      if (state.kind !== 'idle' && state.kind !== 'closed') return state;
      return event.delayMs > 0
        ? { kind: 'backingOff', epoch: epochOf(state), attempt: 0, retryAtMs: event.nowMs + event.delayMs }
        : { kind: 'connecting', epoch: epochOf(state) + 1, attempt: 0 };
    case 'greeted':
      return state.kind === 'connecting' && state.epoch === event.epoch
        ? { kind: 'open', epoch: state.epoch, attempt: state.attempt, sinceMs: event.nowMs }
        : state;
    case 'stable':
      return state.kind === 'open' && state.epoch === event.epoch ? { ...state, attempt: 0 } : state;
    case 'lost':
      return (state.kind === 'connecting' || state.kind === 'open') && state.epoch === event.epoch
        ? {
            kind: 'backingOff',
            epoch: state.epoch,
            attempt: state.attempt + 1,
            retryAtMs: event.nowMs + event.delayMs,
          }
        : state;
    case 'retry':
      return state.kind === 'backingOff' && state.epoch === event.epoch
        ? { kind: 'connecting', epoch: state.epoch + 1, attempt: state.attempt }
        : state;
    case 'disconnect':
      return state.kind === 'idle' || state.kind === 'closed'
        ? state
        : { kind: 'closed', epoch: state.epoch };
    default:
      return unreachable(event);
  }
}

function epochOf(state: ConnectionState): number {
  return 'epoch' in state ? state.epoch : 0;
}
