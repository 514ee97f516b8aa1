import { CodedError } from '../lib/coded-error.ts';

/** Starts to call `push` at each change, and returns how to stop. */
type Start<Item> = (push: (item: Item) => void) => () => void;

/**
 * Values of a state channel: a reader that falls behind gets the latest of each key, and never a backlog.
 *
 * @param start pushes the key of what changed
 * @param read the latest value of a key; undefined for none
 * @param bound keys that may wait; the oldest goes
 */
export function latestStream<Key, Value>(
  start: Start<Key>,
  read: (key: Key) => Value | undefined,
  bound = Number.POSITIVE_INFINITY,
): AsyncIterableIterator<Value> {
  const changed = new Set<Key>();
  return stream(
    start,
    key => {
      changed.add(key);
      const [oldest] = changed;
      if (changed.size > bound && oldest !== undefined) changed.delete(oldest);
    },
    () => {
      for (const key of changed) {
        changed.delete(key);
        const value = read(key);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  );
}

/**
 * Events, none of which may be left out: they wait for the reader, up to a bound. At the bound the iteration ends
 * with the error `SLOW_CONSUMER`, after what waited.
 */
export function eventStream<Value>(start: Start<Value>, bound: number): AsyncIterableIterator<Value> {
  const queue: Value[] = [];
  let full = false;
  return stream(
    start,
    event => {
      if (queue.length < bound && !full) queue.push(event);
      else full = true;
    },
    () => {
      const event = queue.shift();
      if (event !== undefined || !full) return event;
      throw new CodedError('SLOW_CONSUMER', `The reader was more than ${bound} events behind`);
    },
  );
}

/** An iterator that starts with its first `next` and stops with `return`, so that `break` ends what it began. */
function stream<Item, Value>(
  start: Start<Item>,
  put: (item: Item) => void,
  next: () => Value | undefined,
): AsyncIterableIterator<Value> {
  let stop: (() => void) | undefined;
  let ended = false;
  let wake: () => void = () => {};
  const onItem = (item: Item): void => {
    put(item);
    wake();
  };
  const end = (): void => {
    ended = true;
    stop?.();
    stop = undefined;
    wake();
  };
  const take = async (): Promise<IteratorResult<Value>> => {
    for (;;) {
      if (ended) return { done: true, value: undefined };
      try {
        const value = next();
        if (value !== undefined) return { done: false, value };
      } catch (error) {
        end();
        throw error;
      }
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  /** Whoever asks before the last asker was served is served after it. */
  let last: Promise<unknown> = Promise.resolve();
  return {
    next() {
      // In this very call: what happens after it is not missed.
      if (!ended) stop ??= start(onItem);
      const turn = last.then(take);
      last = turn.catch(() => {});
      return turn;
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
