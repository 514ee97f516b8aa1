import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { type AccountMessage, SimulatedAccount } from './account.ts';
import { emergency, maintenance } from './advisories.ts';
import { answerControl } from './control.ts';
import { Faults } from './faults.ts';
import { instrumentData, instrumentUpdate } from './listing.ts';
import { SimulatedMarket } from './market.ts';
import { SIMULATED_PAIRS } from './pairs.ts';
import { type Advisories, statusFrame } from './protocol.ts';
import { Publisher } from './publisher.ts';
import { seededRandom } from './random.ts';
import { Recording } from './replay.ts';
import { answerRest } from './rest.ts';
import {
  type DropKind,
  Session,
  type SnapshotContent,
  type SnapshotRequest,
  type Source,
} from './session.ts';
import { write } from './wire.ts';

export interface ExchangeOptions {
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Trades a second over all pairs; 0 for none but those that {@link Exchange.trade} makes. */
  readonly tradesPerSecond?: number;
  /**
   * Changes of books without a trade a second, over all pairs: about half of them move the top. Twice as many as
   * trades if absent; 0 for none but those that {@link Exchange.quote} and {@link Exchange.deep} make.
   */
  readonly bookChangesPerSecond?: number;
  /** Accept subscriptions to the list of pairs, and never send it. */
  readonly withoutInstruments?: boolean;
  /** Serve these recorded frames in place of the market. */
  readonly replay?: readonly string[];
  /** Milliseconds between recorded frames; 0 for none but those that {@link Exchange.replayNext} sends. */
  readonly replayIntervalMs?: number;
}

/**
 * A Kraken double: WebSocket V2 at `/v2` (public) and `/v2/private`, REST under `/0/`, and faults on demand, by
 * method ({@link Exchange.faults}) or over HTTP under `/control/`.
 */
export class Exchange {
  readonly #options: Required<Omit<ExchangeOptions, 'replay'>>;
  readonly #market: SimulatedMarket;
  readonly #publisher: Publisher;
  readonly #recording: Recording | undefined;
  readonly #random: () => number;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #sessions = new Set<Session>();
  readonly #pairChanges = new Map<string, object>();
  readonly #unlisted = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #system = 'online';
  #advisories: Advisories = { upcoming_maintenance: [], emergency: [] };
  readonly faults = new Faults();
  readonly account = new SimulatedAccount(() => Date.now());

  constructor(options: ExchangeOptions = {}) {
    const { replay, ...rest } = options;
    this.#options = {
      host: '127.0.0.1',
      port: 0,
      seed: 1,
      tradesPerSecond: 20,
      bookChangesPerSecond: 2 * (rest.tradesPerSecond ?? 20),
      replayIntervalMs: 100,
      withoutInstruments: false,
      ...rest,
    };
    this.#market = new SimulatedMarket(this.#options.seed, () => Date.now());
    this.#publisher = new Publisher(this.#market, this.#sessions, this.faults);
    this.#recording = replay && new Recording(replay);
    this.#random = seededRandom(this.#options.seed);
    const source = {
      market: this.#market,
      account: this.account,
      faults: this.faults,
      system: () => this.#system,
      now: () => Date.now(),
    };
    this.#http = createServer((request, response) => {
      const answer = request.url?.startsWith('/control/')
        ? answerControl(this, request, response)
        : answerRest(source, request, response);
      answer.catch(() => response.destroy());
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.faults.refusing) {
      // Whoever is refused may be gone before that is said.
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const endpoint = request.url === '/v2/private' ? 'private' : 'public';
    this.#sockets.handleUpgrade(request, socket, head, websocket => {
      const session = new Session(
        websocket,
        socket,
        this.#source(),
        this.faults,
        endpoint,
        this.#connectionId(),
      );
      this.#sessions.add(session);
      websocket.on('close', () => this.#sessions.delete(session));
    });
  }

  /** @param port in place of the one in the options */
  async start(port = this.#options.port): Promise<void> {
    const { host, tradesPerSecond, bookChangesPerSecond, replayIntervalMs } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, resolve);
    });
    if (this.#recording !== undefined) {
      if (replayIntervalMs > 0) this.#timers.push(setInterval(() => this.replayNext(), replayIntervalMs));
      return;
    }
    this.#repeat(tradesPerSecond, () => this.trade(this.#market.draw()));
    this.#repeat(bookChangesPerSecond, () => this.makers(this.#market.draw()));
  }

  #repeat(timesPerSecond: number, happen: () => void): void {
    if (timesPerSecond > 0) this.#timers.push(setInterval(happen, 1_000 / timesPerSecond));
  }

  /** Drops every connection and stops listening. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.dropAll();
    this.#http.closeAllConnections();
    if (this.#http.listening) await new Promise(resolve => this.#http.close(resolve));
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }
  get publicUrl(): string {
    return `ws://${this.#options.host}:${this.port}/v2`;
  }
  get privateUrl(): string {
    return `ws://${this.#options.host}:${this.port}/v2/private`;
  }
  get restUrl(): string {
    return `http://${this.#options.host}:${this.port}`;
  }
  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  // ── What a test or an operator may make happen ───────────────────────────────────────────────────────

  /** One taker's order in this pair, told to its subscribers. */
  trade(symbol: string): void {
    this.#publisher.happen(symbol, changed => this.#market.trade(symbol, changed));
  }

  /** The top of this book moves without a trade: one change of the best bid or ask. */
  quote(symbol: string): void {
    this.#publisher.happen(symbol, changed => this.#market.quote(symbol, changed));
  }

  /** One level below the top of this book changes. */
  deep(symbol: string): void {
    this.#publisher.happen(symbol, changed => this.#market.deep(symbol, changed));
  }

  /** Either of the two, as the pair is: of a quiet one the top stands still. */
  makers(symbol: string): void {
    this.#publisher.happen(symbol, changed => this.#market.makers(symbol, changed));
  }

  /** Puts an amount into a wallet of the account (or takes it out), told to its owner. */
  move(asset: string, amount: string, type = 'deposit', wallet?: string): void {
    this.#tell(this.account.move(asset, amount, type, wallet));
  }

  /** Opens a limit order of the account; returns its id. */
  placeOrder(symbol: string, side: 'buy' | 'sell', qty: string, price: string): string {
    const { id, messages } = this.account.placeOrder(symbol, side, qty, price);
    for (const message of messages) this.#tell(message);
    return id;
  }

  cancelOrder(id: string): void {
    this.#tell(this.account.cancelOrder(id));
  }

  /** Sends the next change of this book with one digit of its checksum wrong. */
  corruptBook(symbol: string): void {
    this.faults.corruptBook(symbol);
  }

  /** Sends the next recorded frame to every connection; returns it, or undefined at the end. */
  replayNext(): string | undefined {
    const frame = this.#recording?.next();
    if (frame !== undefined) this.broadcast(frame);
    return frame;
  }

  /** Sends the list of pairs to every connection. */
  sendInstruments(): void {
    for (const session of this.#sessions) session.send(this.#instruments(session.wantsTokenized));
  }

  /** Changes members of a pair (its status, say), and lists it again if it was taken out; told to whoever follows the list. */
  changePair(symbol: string, changes: Readonly<Record<string, unknown>>): void {
    this.#unlisted.delete(symbol);
    this.#pairChanges.set(symbol, { ...this.#pairChanges.get(symbol), ...changes });
    const data = instrumentUpdate(symbol, this.#pairChanges);
    const text = write({ channel: 'instrument', type: 'update', data });
    const isTokenized = this.#market.pair(symbol)?.tokenized ?? false;
    for (const session of this.#sessions) {
      if (session.isSubscribed('instrument') && (!isTokenized || session.wantsTokenized)) session.send(text);
    }
  }

  /** Takes a pair out of the list, told by a new snapshot of it, and refuses it from now on. */
  unlist(symbol: string): void {
    this.#unlisted.add(symbol);
    for (const session of this.#sessions) {
      if (session.isSubscribed('instrument')) session.send(this.#instruments(session.wantsTokenized));
    }
  }

  /** Sends a frame of any content to every connection. */
  broadcast(text: string): void {
    for (const session of this.#sessions) session.send(text);
  }

  /** Changes the state of the trading engine, and tells every connection. */
  setSystem(system: string): void {
    this.#system = system;
    for (const session of this.#sessions) session.sendStatus();
  }

  /**
   * Announces maintenance and emergencies, and tells every connection; an empty list takes back what was announced. Members
   * that are not given are as they were recorded.
   */
  announce(news: { readonly maintenance?: readonly object[]; readonly emergency?: readonly object[] }): void {
    const nowMs = Date.now();
    const { upcoming_maintenance, emergency: emergencies } = this.#advisories;
    this.#advisories = {
      upcoming_maintenance: news.maintenance?.map(row => maintenance(row, nowMs)) ?? upcoming_maintenance,
      emergency: news.emergency?.map(row => emergency(row, nowMs)) ?? emergencies,
    };
    for (const session of this.#sessions) session.sendStatus();
  }

  /** Cuts every connection without a closing handshake. */
  dropAll(kind?: DropKind): void {
    for (const session of this.#sessions) session.drop(kind);
  }

  // ── The truth to compare with ────────────────────────────────────────────────────────────────────────

  /** The row of the ticker channel as it is now. */
  tickerText(symbol: string): string {
    return write(this.#market.tickerRow(symbol));
  }

  /** The row of a book snapshot of this depth as it would be sent now. */
  bookRow(symbol: string, depth: number): object {
    return this.#market.book(symbol).row(symbol, depth, this.#market.bookMs(symbol)) ?? {};
  }

  /** Every trade of the pair that is kept, as rows of the trade channel, oldest first. */
  tradeTexts(symbol: string): readonly string[] {
    const tape = this.#market.tape(symbol);
    return tape.trades.map(trade => write(tape.row(trade)));
  }

  /** The last candles, as rows of the ohlc channel, oldest first. */
  candleTexts(symbol: string, interval: number): readonly string[] {
    return this.#market.tape(symbol).candleRows(interval, true).map(write);
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────

  #tell({ channel, rows }: AccountMessage): void {
    for (const session of this.#sessions) session.sendRows(channel, 'update', rows);
  }

  #source(): Source {
    return (
      this.#recording ?? {
        status: connectionId => statusFrame(this.#system, connectionId, this.#advisories),
        lists: (_channel, symbol) => this.#isListed(symbol),
        refusal: (channel, token) => this.account.refusal(channel, token),
        snapshot: request => this.#snapshot(request),
      }
    );
  }

  #instruments(tokenized: boolean): string {
    const data = instrumentData(this.#pairChanges, tokenized, this.#unlisted);
    return write({ channel: 'instrument', type: 'snapshot', data });
  }

  #snapshot(request: SnapshotRequest): SnapshotContent | undefined {
    switch (request.channel) {
      case 'balances':
      case 'executions':
        return { rows: this.account.snapshotRows(request.channel) };
      case 'instrument':
        return this.#options.withoutInstruments ? undefined : this.#instruments(request.tokenized);
      default:
        return this.#publisher.snapshot(request);
    }
  }

  /** A delisted pair is in the list, and is refused like one that never was. */
  #isListed(symbol: string): boolean {
    const { status } = (this.#pairChanges.get(symbol) ?? {}) as { readonly status?: unknown };
    return this.#market.pair(symbol) !== undefined && status !== 'delisted' && !this.#unlisted.has(symbol);
  }

  /** Above 2^53, as the real ones are. */
  #connectionId(): string {
    return String(10n ** 19n + BigInt(Math.floor(this.#random() * 1e15)));
  }
}

/** Every symbol that the simulated exchange lists. */
export const simulatedSymbols: readonly string[] = SIMULATED_PAIRS.map(pair => pair.symbol);
