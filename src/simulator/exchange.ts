import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { instrumentData, restAssetPairs, restAssets } from './listing.ts';
import { SimulatedMarket } from './market.ts';
import { SIMULATED_PAIRS } from './pairs.ts';
import { seededRandom } from './random.ts';
import { Recording } from './replay.ts';
import { Session, type Source } from './session.ts';
import { Raw, write } from './wire.ts';

export interface ExchangeOptions {
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port?: number;
  readonly seed?: number;
  /** Trades a second over all pairs; 0 for none but those that {@link Exchange.trade} makes. */
  readonly tradesPerSecond?: number;
  /** Accept subscriptions to the list of pairs, and never send it. */
  readonly withoutInstruments?: boolean;
  /** Serve these recorded frames in place of the market. */
  readonly replay?: readonly string[];
  /** Milliseconds between recorded frames; 0 for none but those that {@link Exchange.replayNext} sends. */
  readonly replayIntervalMs?: number;
}

/** A Kraken double: WebSocket V2 at `/v2` (public) and `/v2/private`, REST under `/0/public/`. */
export class Exchange {
  readonly #options: Required<Omit<ExchangeOptions, 'replay'>>;
  readonly #market: SimulatedMarket;
  readonly #recording: Recording | undefined;
  readonly #random: () => number;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #sessions = new Set<Session>();
  readonly #corrupted = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #system = 'online';

  constructor(options: ExchangeOptions = {}) {
    const { replay, ...rest } = options;
    this.#options = {
      host: '127.0.0.1',
      port: 0,
      seed: 1,
      tradesPerSecond: 20,
      replayIntervalMs: 100,
      withoutInstruments: false,
      ...rest,
    };
    this.#market = new SimulatedMarket(this.#options.seed, () => Date.now());
    this.#recording = replay && new Recording(replay);
    this.#random = seededRandom(this.#options.seed);
    this.#http = createServer((request, response) => this.#answer(request, response));
    this.#http.on('upgrade', (request, socket, head) => {
      const endpoint = request.url === '/v2/private' ? 'private' : 'public';
      this.#sockets.handleUpgrade(request, socket, head, websocket => {
        const session = new Session(websocket, this.#source(), endpoint, this.#connectionId());
        this.#sessions.add(session);
        websocket.on('close', () => this.#sessions.delete(session));
      });
    });
  }

  /** @param port in place of the one in the options */
  async start(port = this.#options.port): Promise<void> {
    const { host, tradesPerSecond, replayIntervalMs } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, resolve);
    });
    const everyMs = this.#recording ? replayIntervalMs : tradesPerSecond > 0 ? 1_000 / tradesPerSecond : 0;
    if (everyMs > 0) this.#timer = setInterval(() => this.#tick(), everyMs);
  }

  /** Drops every connection and stops listening. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
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

  /** One trade in this pair, told to its subscribers. */
  trade(symbol: string): void {
    this.#move(symbol, () => this.#market.trade(symbol));
  }

  /** Sends the next change of this book with one digit of its checksum wrong. */
  corruptBook(symbol: string): void {
    this.#corrupted.add(symbol);
  }

  /** Sends the next recorded frame to every connection; returns it, or undefined at the end. */
  replayNext(): string | undefined {
    const frame = this.#recording?.next();
    if (frame !== undefined) this.broadcast(frame);
    return frame;
  }

  /** Sends the list of pairs to every connection. */
  sendInstruments(): void {
    this.broadcast(write({ channel: 'instrument', type: 'snapshot', data: instrumentData() }));
  }

  /** Sends a frame of any content to every connection. */
  broadcast(text: string): void {
    for (const session of this.#sessions) session.send(text);
  }

  /** Changes the state of the trading engine, and tells every connection. */
  setSystem(system: string): void {
    this.#system = system;
    this.broadcast(this.#status());
  }

  /** Cuts every connection without a closing handshake. */
  dropAll(): void {
    for (const session of this.#sessions) session.drop();
  }

  /** The row of the ticker channel as it is now: the truth to compare with. */
  tickerText(symbol: string): string {
    return write(this.#market.tickerRow(symbol));
  }

  /** The row of a book snapshot of this depth as it would be sent now. */
  bookRow(symbol: string, depth: number): object {
    return this.#market.book(symbol).row(symbol, depth, this.#market.updatedMs(symbol)) ?? {};
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    if (this.#recording) this.replayNext();
    else {
      const symbol = this.#market.draw();
      this.#move(symbol, () => this.#market.trade(symbol));
    }
  }

  /** Tells each session what it sees of what happened to a pair. */
  #move(symbol: string, happen: () => void): void {
    const depths = new Set(
      [...this.#sessions].map(session => session.bookDepth(symbol)).filter(depth => depth > 0),
    );
    const book = depths.size > 0 ? this.#market.book(symbol) : undefined;
    const before = new Map([...depths].map(depth => [depth, book?.top(depth)]));
    happen();
    this.#publishTicker(symbol);
    for (const depth of depths) {
      const row = book?.row(symbol, depth, this.#market.updatedMs(symbol), before.get(depth));
      if (row === undefined) continue;
      const text = this.#corrupt(symbol, write({ channel: 'book', type: 'update', data: [row] }));
      for (const session of this.#sessions) if (session.bookDepth(symbol) === depth) session.send(text);
    }
  }

  #corrupt(symbol: string, text: string): string {
    if (!this.#corrupted.delete(symbol)) return text;
    return text.replace(/"checksum":(\d+)/, (_all, checksum: string) => `"checksum":${Number(checksum) ^ 1}`);
  }

  #publishTicker(symbol: string): void {
    const text = write({ channel: 'ticker', type: 'update', data: [this.#market.tickerRow(symbol)] });
    for (const session of this.#sessions) if (session.isSubscribed('ticker', symbol)) session.send(text);
  }

  #source(): Source {
    return (
      this.#recording ?? {
        status: connectionId => this.#status(connectionId),
        lists: (_channel, symbol) => this.#market.pair(symbol) !== undefined,
        snapshot: (channel, symbol, depth) => this.#snapshot(channel, symbol, depth),
      }
    );
  }

  #snapshot(channel: string, symbol: string, depth: number): string | undefined {
    if (channel === 'book') {
      return write({ channel, type: 'snapshot', data: [this.bookRow(symbol, depth)] });
    }
    if (channel !== 'instrument')
      return write({ channel, type: 'snapshot', data: [this.#market.tickerRow(symbol)] });
    if (this.#options.withoutInstruments) return undefined;
    return write({ channel, type: 'snapshot', data: instrumentData() });
  }

  #status(connectionId = this.#connectionId()): string {
    const row = {
      version: '2.0.10',
      system: this.#system,
      api_version: 'v2',
      connection_id: new Raw(connectionId),
      upcoming_maintenance: [],
      emergency: [],
    };
    return write({ channel: 'status', type: 'update', data: [row] });
  }

  /** Above 2^53, as the real ones are. */
  #connectionId(): string {
    return String(10n ** 19n + BigInt(Math.floor(this.#random() * 1e15)));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const result = this.#restResult(pathname);
    response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(
      JSON.stringify(result === undefined ? { error: ['EGeneral:Unknown method'] } : { error: [], result }),
    );
  }

  #restResult(pathname: string): object | undefined {
    const now = new Date();
    switch (pathname) {
      case '/0/public/Time':
        return { unixtime: Math.floor(now.getTime() / 1000), rfc1123: now.toUTCString() };
      case '/0/public/SystemStatus':
        return {
          status: this.#system,
          timestamp: now.toISOString(),
          upcoming_maintenance: [],
          emergency: [],
        };
      case '/0/public/Assets':
        return restAssets();
      case '/0/public/AssetPairs':
        return restAssetPairs();
      default:
        return undefined;
    }
  }
}

/** Every symbol that the simulated exchange lists. */
export const simulatedSymbols: readonly string[] = SIMULATED_PAIRS.map(pair => pair.symbol);
