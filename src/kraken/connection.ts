import type { Agent } from 'node:http';
import { WebSocket } from 'ws';
import { fullJitterDelayMs } from '../lib/backoff.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import { unreachable } from '../lib/unreachable.ts';
import { type ConnectionEvent, type ConnectionState, transition } from './connection-state.ts';
import { ControlPacing } from './control-pacing.ts';
import { decode, type ProtocolError } from './decode.ts';
import { encode } from './encode.ts';
import type { KrakenMessage, KrakenRequest, PongMessage } from './messages.ts';

export interface ConnectionOptions {
  readonly url: string;
  /** From the first byte to Kraken's first frame. */
  readonly connectTimeoutMs: number;
  /** Between application pings, whose answers give the round-trip time. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** No frame at all for this long means a dead socket, once a subscription makes heartbeats flow. */
  readonly heartbeatTimeoutMs: number;
  readonly reconnectDelayMs: number;
  readonly reconnectMaxDelayMs: number;
  /** Connection attempts in ten minutes. */
  readonly attemptsCeiling: number;
  /** Control messages (subscribe, unsubscribe, ping) a second. */
  readonly controlRate: number;
  /** Opens the TCP connection, through a proxy for one. */
  readonly agent?: Agent | undefined;
}

export interface ConnectionHandlers {
  /** @param receivedAt wall-clock milliseconds */
  message(message: KrakenMessage, receivedAt: number): void;
  protocolError(error: ProtocolError, text: string): void;
  /**
   * A handler threw: that is the end of this frame, and of nothing else.
   *
   * @param message what it was about; undefined if the decoder itself threw
   */
  fault(error: unknown, message: KrakenMessage | undefined): void;
  /**
   * A ping was answered.
   *
   * @param sentMs monotonic, as is `receivedMs`
   * @param timeIn when the exchange received it, and in `timeOut` when it answered, by its own clock
   */
  roundTrip(
    sentMs: number,
    receivedMs: number,
    timeIn: string | undefined,
    timeOut: string | undefined,
  ): void;
  /** After the state changed. `reason` says why a connection was lost. */
  stateChanged(state: ConnectionState, previous: ConnectionState, reason?: string): void;
}

/** A connection that held this long is stable: its earlier failures no longer slow the next reconnect. */
const STABLE_AFTER_MS = 10_000;
const ATTEMPTS_WINDOW_MS = 600_000;
/** The instrument snapshot of every pair is several hundred KiB; nothing comes near this. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
/** When a timer finds the socket silent after a stalled event loop, unread frames get this long to surface. */
const SECOND_LOOK_MS = 50;

/**
 * One socket to Kraken that is kept alive: connects, proves life, and reconnects for ever until told to stop.
 * States and their order are in `connection-state.ts`; this file carries out what they mean.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #clock: Clock;
  readonly #pacing: ControlPacing;

  #state: ConnectionState = { kind: 'idle' };
  #socket: WebSocket | undefined;
  /** Timers of the present state; leaving the state cancels them. */
  readonly #timers = new Set<Cancel>();
  /** Monotonic times of the latest connection attempts, oldest first. */
  readonly #attempts: number[] = [];

  #lastFrameMs = 0;
  #heartbeatsExpected = false;
  #pingId = 0;
  #pingSentMs: number | undefined;

  /** Wall-clock time of the last frame. */
  lastMessageAt: number | undefined;
  /** Round trip of the last answered ping. */
  latencyMs: number | undefined;
  lastError: string | undefined;
  /** Connections made after the first. */
  reconnects = 0;
  #connections = 0;

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers, clock: Clock) {
    this.#options = options;
    this.#handlers = handlers;
    this.#clock = clock;
    this.#pacing = new ControlPacing(options.controlRate, clock.monotonicMs());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Milliseconds until the next attempt; 0 when not waiting for one. */
  get retryAfterMs(): number {
    if (this.#state.kind !== 'backingOff') return 0;
    return Math.max(0, this.#state.retryAtMs - this.#clock.monotonicMs());
  }

  connect(): void {
    const nowMs = this.#clock.monotonicMs();
    // Whoever connects in answer to every disconnect shall not make a storm of it.
    const last = this.#attempts.at(-1);
    const untilPolite = last === undefined ? 0 : last + this.#options.reconnectDelayMs - nowMs;
    const delayMs = Math.max(0, untilPolite, this.#untilAllowedMs(nowMs));
    this.#apply({ kind: 'connect', nowMs, delayMs });
  }

  disconnect(): void {
    this.#apply({ kind: 'disconnect' }, 'disconnect asked for');
  }

  /**
   * Sends a request if the control rate allows it now.
   *
   * @param keep requests that could leave at once after it
   * @returns 0 when it was sent, the milliseconds to wait otherwise; Infinity while there is no open connection
   */
  trySend(request: KrakenRequest, keep = 0): number {
    if (this.#state.kind !== 'open' || this.#socket?.readyState !== WebSocket.OPEN) {
      return Number.POSITIVE_INFINITY;
    }
    const waitMs = this.#pacing.take(this.#clock.monotonicMs(), keep);
    if (waitMs === 0) this.#socket.send(encode(request));
    return waitMs;
  }

  #apply(event: ConnectionEvent, reason?: string): void {
    const previous = this.#state;
    const state = transition(previous, event);
    if (state === previous) return;
    this.#state = state;
    // `stable` only forgets failures: the connection and its timers go on.
    if (previous.kind === 'open' && state.kind === 'open') return;
    this.#cancelTimers();
    if (state.kind !== 'open') this.#dropSocketUnlessConnecting(state);
    this.#enter(state);
    this.#handlers.stateChanged(state, previous, reason);
  }

  #enter(state: ConnectionState): void {
    switch (state.kind) {
      case 'connecting':
        this.#openSocket(state.epoch);
        this.#later(this.#options.connectTimeoutMs, () => this.#lose(state.epoch, 'connect timeout'));
        return;
      case 'open':
        this.#connections += 1;
        this.reconnects = this.#connections - 1;
        this.#later(STABLE_AFTER_MS, () => this.#apply({ kind: 'stable', epoch: state.epoch }));
        this.#ping(state.epoch);
        return;
      case 'backingOff':
        this.#later(Math.max(0, state.retryAtMs - this.#clock.monotonicMs()), () =>
          this.#apply({ kind: 'retry', epoch: state.epoch }),
        );
        return;
      case 'idle':
      case 'closed':
        return;
      default:
        unreachable(state);
    }
  }

  // ── The socket ───────────────────────────────────────────────────────────────────────────────────────

  #openSocket(epoch: number): void {
    this.#attempts.push(this.#clock.monotonicMs());
    if (this.#attempts.length > this.#options.attemptsCeiling) this.#attempts.shift();
    this.#heartbeatsExpected = false;
    this.#pingSentMs = undefined;

    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#options.url, {
        perMessageDeflate: false,
        maxPayload: MAX_FRAME_BYTES,
        headers: { 'User-Agent': 'kraken-graphql' },
        agent: this.#options.agent,
      });
    } catch (error) {
      // A URL that `ws` rejects; the configuration should have caught it, and a retry can not help or harm.
      this.#later(0, () => this.#lose(epoch, String(error)));
      return;
    }
    this.#socket = socket;
    socket.on('message', data => {
      if (this.#socket === socket) this.#receive(String(data), epoch);
    });
    socket.on('error', error => this.#lose(epoch, error.message));
    socket.on('close', (code, reason) => {
      this.#lose(epoch, `closed with code ${code}${reason.length > 0 ? `: ${reason}` : ''}`);
    });
  }

  #dropSocketUnlessConnecting(state: ConnectionState): void {
    if (state.kind === 'connecting') return;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    if (state.kind === 'closed' && socket.readyState === WebSocket.OPEN) socket.close(1000);
    // A socket that is being closed politely is ended all the same if the peer does not answer.
    if (state.kind !== 'closed' || socket.readyState !== WebSocket.CLOSING) socket.terminate();
  }

  #lose(epoch: number, reason: string): void {
    if (!('epoch' in this.#state) || this.#state.epoch !== epoch) return;
    if (this.#state.kind !== 'connecting' && this.#state.kind !== 'open') return;
    this.lastError = reason;
    const nowMs = this.#clock.monotonicMs();
    this.#apply({ kind: 'lost', epoch, nowMs, delayMs: this.#reconnectDelayMs(nowMs) }, reason);
  }

  #reconnectDelayMs(nowMs: number): number {
    const attempt = 'attempt' in this.#state ? this.#state.attempt : 0;
    const { reconnectDelayMs, reconnectMaxDelayMs } = this.#options;
    const jittered = fullJitterDelayMs(attempt, reconnectDelayMs, reconnectMaxDelayMs, this.#clock.random());
    return Math.max(jittered, this.#untilAllowedMs(nowMs));
  }

  /** Milliseconds until another attempt stays below the ceiling. */
  #untilAllowedMs(nowMs: number): number {
    const oldest = this.#attempts.length < this.#options.attemptsCeiling ? undefined : this.#attempts[0];
    return oldest === undefined ? 0 : oldest + ATTEMPTS_WINDOW_MS - nowMs;
  }

  // ── Frames and signs of life ─────────────────────────────────────────────────────────────────────────

  #receive(text: string, epoch: number): void {
    this.#lastFrameMs = this.#clock.monotonicMs();
    this.lastMessageAt = this.#clock.now();
    let message: KrakenMessage | undefined;
    try {
      const decoded = decode(text);
      if (decoded.kind === 'protocolError') {
        this.#handlers.protocolError(decoded, text);
        return;
      }
      message = decoded;
      this.#handle(message, epoch, this.#lastFrameMs, this.lastMessageAt);
    } catch (error) {
      this.#handlers.fault(error, message);
    }
  }

  #handle(message: KrakenMessage, epoch: number, nowMs: number, receivedAt: number): void {
    if (this.#state.kind === 'connecting') this.#apply({ kind: 'greeted', epoch, nowMs });
    if (isRateComplaint(message)) this.#pacing.slowDown(nowMs);
    if (message.kind === 'pong') this.#onPong(message, nowMs);
    else if (!this.#heartbeatsExpected && message.kind !== 'status') this.#expectHeartbeats(epoch);
    this.#handlers.message(message, receivedAt);
  }

  /** From the first answer or data on, Kraken sends at least a heartbeat a second. */
  #expectHeartbeats(epoch: number): void {
    this.#heartbeatsExpected = true;
    this.#watch(epoch, this.#options.heartbeatTimeoutMs);
  }

  #watch(epoch: number, delayMs: number): void {
    this.#later(delayMs, () => {
      const timeoutMs = this.#options.heartbeatTimeoutMs;
      const silentMs = this.#clock.monotonicMs() - this.#lastFrameMs;
      if (silentMs < timeoutMs) this.#watch(epoch, timeoutMs - silentMs);
      else this.#later(SECOND_LOOK_MS, () => this.#lookAgain(epoch));
    });
  }

  #lookAgain(epoch: number): void {
    const silentMs = this.#clock.monotonicMs() - this.#lastFrameMs;
    if (silentMs < this.#options.heartbeatTimeoutMs)
      this.#watch(epoch, this.#options.heartbeatTimeoutMs - silentMs);
    else this.#lose(epoch, `no frame for ${Math.round(silentMs)} ms`);
  }

  #ping(epoch: number): void {
    this.#later(this.#options.pingIntervalMs, () => this.#ping(epoch));
    const id = this.#pingId + 1;
    // A ping that the control rate forbids is left out: the next one tells the same.
    if (this.trySend({ method: 'ping', req_id: id }) > 0) return;
    const sentMs = this.#clock.monotonicMs();
    this.#pingId = id;
    this.#pingSentMs = sentMs;
    this.#later(this.#options.pingTimeoutMs, () => {
      // Frames of any kind prove life; a pong that got lost among them is no reason to drop the connection.
      if (this.#lastFrameMs < sentMs) this.#lose(epoch, 'ping timeout');
    });
  }

  #onPong({ req_id, time_in, time_out }: PongMessage, nowMs: number): void {
    if (req_id !== this.#pingId || this.#pingSentMs === undefined) return;
    this.latencyMs = nowMs - this.#pingSentMs;
    this.#handlers.roundTrip(this.#pingSentMs, nowMs, time_in, time_out);
    this.#pingSentMs = undefined;
  }

  // ── Timers ───────────────────────────────────────────────────────────────────────────────────────────

  #later(delayMs: number, callback: () => void): void {
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}

/** Kraken says it without an envelope as a rule; as the answer to a request it means the same. */
function isRateComplaint(message: KrakenMessage): boolean {
  return (
    message.kind === 'rateLimited' ||
    (message.kind === 'refused' && /^exceeded msg rate/i.test(message.error))
  );
}
