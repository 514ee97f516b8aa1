import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ConnectionView } from '../client/upstream.ts';
import type { Services } from '../graphql/context.ts';
import { type Health, healthOf } from '../hub/health.ts';
import type { Containment } from '../lib/containment.ts';

const HEALTHS: readonly Health[] = ['HEALTHY', 'DEGRADED', 'DOWN'];
/** The event loop's delay is sampled this often. */
const SAMPLE_MS = 20;
/** Seconds. */
const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Whoever asks again within this time gets the same: asking costs the more, the more sockets are open. */
const KEPT_MS = 1_000;

/** Text for Prometheus. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

/** What prom-client tells of every Node process: once in a process, as it observes the process for good. */
let processRegistry: Registry | undefined;

function ofProcess(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry, eventLoopMonitoringPrecision: SAMPLE_MS });
  }
  return processRegistry;
}

/**
 * What the server counts, beside what there is to know of the process. But for the lag nothing is counted here: figures
 * are read where they are kept, when somebody asks. No pair, no balance and no client is named.
 */
export function createMetrics(services: Services, containment: Containment): Metrics {
  const { clock } = services;
  const registry = Registry.merge([ofProcess(), ofServer(services, containment)]);
  let kept: Promise<string> | undefined;
  let keptSinceMs = 0;
  return {
    contentType: registry.contentType,
    text() {
      const nowMs = clock.monotonicMs();
      if (kept === undefined || nowMs - keptSinceMs >= KEPT_MS) {
        kept = registry.metrics();
        keptSinceMs = nowMs;
      }
      return kept;
    },
  };
}

function ofServer({ client, hub }: Services, containment: Containment): Registry {
  const registry = new Registry();

  const gauge = <Label extends string = never>(
    name: string,
    help: string,
    collect: (gauge: Gauge<Label>) => void,
    ...labelNames: Label[]
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        collect(this);
      },
    });
  const counter = <Label extends string = never>(
    name: string,
    help: string,
    collect: (counter: Counter<Label>) => void,
    ...labelNames: Label[]
  ) =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        collect(this);
      },
    });

  gauge(
    'kraken_health',
    'How the feed does: 1 for the word that is true.',
    metric => {
      const now = healthOf(client);
      for (const health of HEALTHS) metric.set({ health }, health === now ? 1 : 0);
    },
    'health',
  );

  const connections = (): readonly (readonly ['public' | 'private', ConnectionView])[] => {
    const { public: market, private: account } = client.getConnectionStatus();
    return account.state === 'DISABLED'
      ? [['public', market]]
      : [
          ['public', market],
          ['private', account],
        ];
  };
  gauge(
    'kraken_connected',
    'Whether a connection to Kraken is up.',
    metric => {
      for (const [connection, { state }] of connections())
        metric.set({ connection }, state === 'CONNECTED' ? 1 : 0);
    },
    'connection',
  );
  gauge(
    'kraken_round_trip_seconds',
    'Round trip of the last ping.',
    metric => {
      metric.reset();
      for (const [connection, { latencyMs }] of connections())
        if (latencyMs !== undefined) metric.set({ connection }, latencyMs / 1_000);
    },
    'connection',
  );
  counter(
    'kraken_reconnects_total',
    'Times that a connection to Kraken was made anew.',
    metric => {
      for (const [connection, { reconnects }] of connections()) metric.inc({ connection }, reconnects);
    },
    'connection',
  );
  counter(
    'kraken_messages_total',
    'Messages from Kraken; answers to requests count as the channel method.',
    metric => {
      for (const { channel, total } of client.getMessageStatistics().channels) metric.inc({ channel }, total);
    },
    'channel',
  );
  counter(
    'kraken_message_errors_total',
    'Messages that were not understood, failed a check, or refused a request.',
    metric => {
      for (const { channel, errors } of client.getMessageStatistics().channels)
        metric.inc({ channel }, errors);
    },
    'channel',
  );
  gauge(
    'kraken_subscriptions',
    'Subscriptions at Kraken, by where they stand.',
    metric => {
      metric.reset();
      for (const { state } of client.getSubscriptions()) metric.inc({ state });
    },
    'state',
  );

  const { market } = client;
  counter('kraken_books_verified_total', 'Book messages after which the checksum was right.', metric =>
    metric.inc(market.bookStatistics.verified),
  );
  counter('kraken_book_checksum_failures_total', 'Book messages after which it was wrong.', metric =>
    metric.inc(market.bookStatistics.checksumFailures),
  );
  counter('kraken_book_resyncs_total', 'Books that verified again after a failure.', metric =>
    metric.inc(market.bookStatistics.resyncs),
  );
  counter('kraken_trade_duplicates_total', 'Trades that came again and were dropped.', metric =>
    metric.inc(market.tradeStatistics.duplicatesDropped),
  );
  counter('kraken_trade_gaps_total', 'Times that trades were found missing.', metric =>
    metric.inc(market.tradeStatistics.gapsDetected),
  );
  counter('kraken_trade_gaps_repaired_total', 'Of these, those that were filled.', metric =>
    metric.inc(market.tradeStatistics.gapsRepaired),
  );
  counter('kraken_trades_lost_total', 'Trades that could not be recovered.', metric =>
    metric.inc(market.tradeStatistics.tradesLost),
  );

  const lag = new Histogram({
    name: 'graphql_lag_seconds',
    help: "From the exchange's timestamp to the write to every subscriber's socket, once a turn and channel.",
    labelNames: ['channel'],
    buckets: LAG_BUCKETS,
    registers: [registry],
  });
  hub.lag.observe = (channel, seconds) => lag.observe({ channel }, seconds);
  gauge('graphql_connections', 'Open WebSockets and event streams.', metric =>
    metric.set(hub.statistics().connections),
  );
  counter('graphql_connections_refused_total', 'TCP connections for which there was no room.', metric =>
    metric.inc(hub.statistics().refused),
  );
  gauge('graphql_subscriptions', 'GraphQL subscriptions under way.', metric =>
    metric.set(hub.statistics().subscriptions),
  );
  gauge('graphql_broadcasts', 'Distinct subscriptions that are executed.', metric =>
    metric.set(hub.statistics().broadcasts),
  );
  counter('graphql_values_delivered_total', 'Values handed to subscribers.', metric =>
    metric.inc(hub.statistics().delivered),
  );
  counter('graphql_values_conflated_total', 'Values that a later one replaced before delivery.', metric =>
    metric.inc(hub.statistics().conflated),
  );
  counter('graphql_slow_consumers_total', 'Times that a reader fell behind.', metric =>
    metric.inc(hub.statistics().slowConsumers),
  );
  counter('graphql_stalled_sockets_total', 'Sockets that were dropped because no one read them.', metric =>
    metric.inc(hub.statistics().stalled),
  );
  counter(
    'graphql_contained_errors_total',
    'Unexpected errors that ended one broadcast, socket, operation, request or timer, and nothing else.',
    metric => {
      for (const [compartment, count] of containment.counts) metric.inc({ compartment }, count);
    },
    'compartment',
  );
  return registry;
}
