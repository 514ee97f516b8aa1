/** What is wrong with the simulated exchange. Nothing, until somebody asks for it. */
export class Faults {
  /** Upgrades to WebSocket are refused. */
  refusing = false;
  /** Connections stay open, and nothing is sent or read on them. */
  stalled = false;
  /** Milliseconds by which snapshots are late. */
  snapshotDelayMs = 0;
  /** Every WebSocket request is answered that there were too many, this many times. */
  #rateLimits = 0;
  #tokenRejections = 0;
  /** REST answers that are still to fail, and how. */
  readonly #restFailures: string[] = [];
  /** `channel`, or `channel symbol`. */
  readonly #muted = new Set<string>();
  readonly #corruptedBooks = new Set<string>();
  readonly #skippedBooks = new Set<string>();
  #corruption: (() => boolean) | undefined;
  #lostTrades = 0;
  #duplicatedTrades = 0;
  #delayedTrades = 0;
  readonly #skippedSequences = new Set<string>();

  /** No data of this channel, of one pair or of all, while everything else goes on. */
  mute(channel: string, symbol?: string): void {
    this.#muted.add(symbol === undefined ? channel : `${channel} ${symbol}`);
  }

  unmute(channel: string, symbol?: string): void {
    this.#muted.delete(symbol === undefined ? channel : `${channel} ${symbol}`);
  }

  isMuted(channel: string, symbol: string): boolean {
    return this.#muted.has(channel) || this.#muted.has(`${channel} ${symbol}`);
  }

  /** The next change of this book carries a checksum with one bit wrong. */
  corruptBook(symbol: string): void {
    this.#corruptedBooks.add(symbol);
  }

  /** From now on each change of a book is corrupted when the dice say so. */
  corruptBooksWhen(dice: (() => boolean) | undefined): void {
    this.#corruption = dice;
  }

  /** The next change of this book is not sent. */
  skipBook(symbol: string): void {
    this.#skippedBooks.add(symbol);
  }

  takeBookFault(symbol: string): 'skip' | 'corrupt' | undefined {
    if (this.#skippedBooks.delete(symbol)) return 'skip';
    return this.#corruptedBooks.delete(symbol) || this.#corruption?.() ? 'corrupt' : undefined;
  }

  /** The next trade frames are not sent; the trades happened. */
  loseTrades(count: number): void {
    this.#lostTrades += count;
  }

  /** The next trade frames are sent twice. */
  duplicateTrades(count: number): void {
    this.#duplicatedTrades += count;
  }

  /** The next trade frames are sent after the one that follows them. */
  delayTrades(count: number): void {
    this.#delayedTrades += count;
  }

  takeTradeFault(): 'lose' | 'duplicate' | 'delay' | undefined {
    if (this.#lostTrades > 0) {
      this.#lostTrades -= 1;
      return 'lose';
    }
    if (this.#duplicatedTrades > 0) {
      this.#duplicatedTrades -= 1;
      return 'duplicate';
    }
    if (this.#delayedTrades > 0) {
      this.#delayedTrades -= 1;
      return 'delay';
    }
    return undefined;
  }

  /** The next message of this private channel counts two. */
  skipSequence(channel: string): void {
    this.#skippedSequences.add(channel);
  }

  takeSequenceStep(channel: string): 1 | 2 {
    return this.#skippedSequences.delete(channel) ? 2 : 1;
  }

  rejectTokens(count: number): void {
    this.#tokenRejections += count;
  }

  takeTokenRejection(): boolean {
    if (this.#tokenRejections === 0) return false;
    this.#tokenRejections -= 1;
    return true;
  }

  limitRate(count: number): void {
    this.#rateLimits += count;
  }

  takeRateLimit(): boolean {
    if (this.#rateLimits === 0) return false;
    this.#rateLimits -= 1;
    return true;
  }

  /** What nobody has run into yet, of too many requests and failing REST answers, is over. */
  forgive(): void {
    this.#rateLimits = 0;
    this.#restFailures.length = 0;
  }

  /** The next REST answers are this error of Kraken's, or `html` for a proxy's page. */
  failRest(count: number, how: string): void {
    for (let index = 0; index < count; index += 1) this.#restFailures.push(how);
  }

  takeRestFailure(): string | undefined {
    return this.#restFailures.shift();
  }
}
