import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ConnectionView } from '../client/upstream.ts';
import type { Services } from '../graphql/context.ts';
import { FULL_GRANT, type Grant, PUBLIC_GRANT } from '../graphql/grant.ts';
import { StatusView } from '../graphql/status-view.ts';
import { type Health, healthOf } from '../hub/health.ts';

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
  text(grant: Grant): Promise<string>;
}

/** What is counted elsewhere than in the services. */
export interface Counts {
  readonly contained: () => Iterable<readonly [compartment: string, count: number]>;
  readonly wrongTokens: () => number;
  readonly droppedLogLines: () => number;
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
 * are read where they are kept, when somebody asks. No pair, no balance and no client is named, and without `status:read`
 * nothing moves because the account does.
 */
export function createMetrics(services: Services, counts: Counts): Metrics {
  const lag = new Histogram({
    name: 'graphql_lag_seconds',
    help: "From the exchange's timestamp to the write to every subscriber's socket, once a turn and channel.",
    labelNames: ['channel'],
    buckets: LAG_BUCKETS,
    registers: [],
  });
  services.hub.lag.observe = (channel, seconds) => lag.observe({ channel }, seconds);
  const of = (grant: Grant): (() => Promise<string>) => {
    const server = ofServer(new StatusView(services, grant), counts);
    server.registerMetric(lag);
    return kept(Registry.merge([ofProcess(), server]), services);
  };
  const [ofAll, ofMarket] = [of(FULL_GRANT), of(PUBLIC_GRANT)];
  return {
    contentType: ofProcess().contentType,
    text: grant => (grant.has('status:read') ? ofAll() : ofMarket()),
  };
}

function kept(registry: Registry, { clock }: Services): () => Promise<string> {
  let text: Promise<string> | undefined;
  let sinceMs = 0;
  return () => {
    const nowMs = clock.monotonicMs();
    if (text === undefined || nowMs - sinceMs >= KEPT_MS) {
      text = registry.metrics();
      sinceMs = nowMs;
    }
    return text;
  };
}

function ofServer(view: StatusView, counts: Counts): Registry {
  const { client } = view.services;
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

  const connections = (): readonly (readonly ['public' | 'private', ConnectionView])[] =>
    view.seesAccount && view.private.state !== 'DISABLED'
      ? [
          ['public', view.public],
          ['private', view.private],
        ]
      : [['public', view.public]];
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
  gauge('kraken_clock_skew_seconds', "How far this machine's clock is ahead of the exchange's.", metric => {
    const { clockSkewMs } = client;
    if (clockSkewMs !== undefined) metric.set(clockSkewMs / 1_000);
  });
  counter(
    'kraken_messages_total',
    'Messages from Kraken; answers to requests count as the channel method.',
    metric => {
      for (const { channel, total } of view.messages.channels) metric.inc({ channel }, total);
    },
    'channel',
  );
  counter(
    'kraken_message_errors_total',
    'Messages that were not understood, failed a check, or refused a request.',
    metric => {
      for (const { channel, errors } of view.messages.channels) metric.inc({ channel }, errors);
    },
    'channel',
  );
  gauge(
    'kraken_subscriptions',
    'Subscriptions at Kraken, by where they stand.',
    metric => {
      metric.reset();
      for (const { state } of view.subscriptions) metric.inc({ state });
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

  gauge('graphql_connections', 'Open WebSockets and event streams.', metric =>
    metric.set(view.clients.connections),
  );
  counter('graphql_connections_refused_total', 'TCP connections for which there was no room.', metric =>
    metric.inc(view.clients.refused),
  );
  gauge('graphql_subscriptions', 'GraphQL subscriptions under way.', metric =>
    metric.set(view.clients.subscriptions),
  );
  gauge('graphql_broadcasts', 'Distinct subscriptions that are executed.', metric =>
    metric.set(view.clients.broadcasts),
  );
  counter('graphql_values_delivered_total', 'Values handed to subscribers.', metric =>
    metric.inc(view.clients.delivered),
  );
  counter('graphql_values_conflated_total', 'Values that a later one replaced before delivery.', metric =>
    metric.inc(view.clients.conflated),
  );
  counter('graphql_slow_consumers_total', 'Times that a reader fell behind.', metric =>
    metric.inc(view.clients.slowConsumers),
  );
  counter('graphql_wrong_tokens_total', 'Requests with an access token that is wrong.', metric =>
    metric.inc(counts.wrongTokens()),
  );
  counter('graphql_log_lines_dropped_total', 'Lines of the log that could not be written.', metric =>
    metric.inc(counts.droppedLogLines()),
  );
  counter('graphql_stalled_sockets_total', 'Sockets that were dropped because no one read them.', metric =>
    metric.inc(view.clients.stalled),
  );
  counter(
    'graphql_contained_errors_total',
    'Unexpected errors that ended one broadcast, socket, operation, request or timer, and nothing else.',
    metric => {
      for (const [compartment, count] of counts.contained()) metric.inc({ compartment }, count);
    },
    'compartment',
  );
  return registry;
}
