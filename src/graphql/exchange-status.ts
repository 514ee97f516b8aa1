import type { EmergencyRow, MaintenanceRow } from '../kraken/messages.ts';
import type { ExchangeStatus } from '../market/exchange-status.ts';
import type { Builder } from './builder.ts';
import { costs } from './cost.ts';
import { asSource, latestFeed, unwrap } from './feed.ts';

/** Advisories at a time, and services that one names. */
const ADVISORIES = 5;
const SERVICES = 10;

const AFFECTED = {
  ...costs({ items: SERVICES }),
  description: "Kraken's names: spot_ws, spot_rest, spot_trading, futures_ws, all, and others.",
} as const;

export type ExchangeStatusTypes = ReturnType<typeof addExchangeStatus>;

export function addExchangeStatus(builder: Builder) {
  const MaintenanceType = builder.objectRef<MaintenanceRow>('Maintenance').implement({
    description: 'Maintenance that Kraken has announced.',
    fields: t => ({
      id: t.id({
        description: 'Unique among all objects, for normalised caches.',
        resolve: ({ event_id }) => `Maintenance:${event_id}`,
      }),
      title: t.exposeString('title', { description: "Kraken's own words; empty where there are none." }),
      phase: t.exposeString('phase', {
        description:
          'announced, reminder_24h, approaching_30m, imminent_5m, final_warning_30s, unspecified; others may come.',
      }),
      startsAt: t.expose('expected_start_utc', {
        type: 'DateTime',
        nullable: true,
        description: 'When it is expected to begin.',
      }),
      endsAt: t.expose('expected_end_utc', {
        type: 'DateTime',
        nullable: true,
        description: 'When it is expected to end.',
      }),
      affectedServices: t.exposeStringList('affected_services', AFFECTED),
      recommendedAction: t.exposeString('recommended_action', {
        nullable: true,
        description:
          'continue, reduce_activity, cancel_open_orders, stop_new_orders, disconnect_and_wait, unspecified; others may come.',
      }),
    }),
  });

  const EmergencyType = builder.objectRef<EmergencyRow>('Emergency').implement({
    description: 'An incident that Kraken has not resolved yet.',
    fields: t => ({
      id: t.id({
        description: 'Unique among all objects, for normalised caches.',
        resolve: ({ event_id }) => `Emergency:${event_id}`,
      }),
      title: t.exposeString('title', { description: "Kraken's own words; empty where there are none." }),
      status: t.exposeString('incident_status', {
        description: 'investigating, identified, monitoring, unspecified; others may come.',
      }),
      impact: t.exposeString('impact', {
        nullable: true,
        description: 'minor, major, critical; others may come.',
      }),
      startedAt: t.expose('started_at_utc', {
        type: 'DateTime',
        nullable: true,
        description: 'When it began.',
      }),
      affectedServices: t.exposeStringList('affected_services', AFFECTED),
    }),
  });

  const ExchangeStatusType = builder.objectRef<ExchangeStatus>('ExchangeStatus').implement({
    description: 'State of the exchange itself, as it was last told.',
    fields: t => ({
      system: t.exposeString('system', {
        description: 'online, maintenance, cancel_only, post_only, limit_only; others may come.',
      }),
      maintenance: t.expose('maintenance', {
        type: [MaintenanceType],
        ...costs({ items: ADVISORIES }),
        description: 'Announced maintenance. Kraken takes it off the list when it begins.',
      }),
      emergencies: t.expose('emergencies', {
        type: [EmergencyType],
        ...costs({ items: ADVISORIES }),
        description: 'Incidents that are not resolved yet.',
      }),
      receivedAt: t.expose('receivedAt', {
        type: 'DateTime',
        description: 'When this server heard it last.',
      }),
    }),
  });

  builder.subscriptionField('exchangeStatus', t =>
    t.field({
      type: ExchangeStatusType,
      description: "The exchange's own state, announced maintenance and emergencies, now and at each change.",
      subscribe: (_root, _args, { services: { client } }) =>
        asSource(
          latestFeed([{ kind: 'exchangeStatus' }], undefined, () => {
            const status = client.getExchangeStatus();
            return status === undefined ? [] : [status];
          }),
        ),
      resolve: unwrap<ExchangeStatus>,
    }),
  );

  return { ExchangeStatusType };
}
