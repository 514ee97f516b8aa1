import { BALANCES_DISABLED, type BalanceStreamingStatus } from '../client/account.ts';
import type { ConnectionView } from '../client/upstream.ts';
import type { ClientStatistics } from '../hub/hub.ts';
import type { MessageStatistics } from '../kraken/statistics.ts';
import type { SubscriptionView } from '../kraken/subscription.ts';
import type { Services } from './context.ts';
import type { Grant } from './grant.ts';

/** Channels that move when the account does. */
const ACCOUNT_CHANNELS: ReadonlySet<string> = new Set(['balances', 'executions']);

/**
 * What one client may know of the server and its feed. Whoever sees when the account's channels move sees when it trades,
 * so that without `status:read` nothing here depends on them: what may be null is null, what may not be is a constant,
 * lists and totals leave the account's part out.
 */
export class StatusView {
  readonly services: Services;
  readonly seesAccount: boolean;

  constructor(services: Services, grant: Grant) {
    this.services = services;
    this.seesAccount = grant.has('status:read');
  }

  get public(): ConnectionView {
    return this.services.client.getConnectionStatus().public;
  }

  get private(): ConnectionView {
    const view = this.services.client.getConnectionStatus().private;
    return this.seesAccount ? view : { ...view, ...UNTOLD_CONNECTION };
  }

  get messages(): MessageStatistics {
    const statistics = this.services.client.getMessageStatistics();
    if (this.seesAccount) return statistics;
    const channels = statistics.channels.filter(({ channel }) => !ACCOUNT_CHANNELS.has(channel));
    const sum = (of: (one: (typeof channels)[number]) => number): number =>
      channels.reduce((total, one) => total + of(one), 0);
    return {
      total: sum(({ total }) => total),
      errors: sum(({ errors }) => errors),
      ratePerSecond: sum(({ ratePerSecond }) => ratePerSecond),
      channels,
    };
  }

  get subscriptions(): readonly SubscriptionView[] {
    const all = [...this.services.client.getSubscriptions()];
    return this.seesAccount ? all : all.filter(({ topic }) => !ACCOUNT_CHANNELS.has(topic.channel));
  }

  get balanceStreaming(): BalanceStreamingStatus {
    const status = this.services.client.getBalanceStreamingStatus();
    return this.seesAccount ? status : { ...BALANCES_DISABLED, enabled: status.enabled };
  }

  get clients(): ClientStatistics {
    const { hub } = this.services;
    return this.seesAccount ? hub.statistics() : hub.marketStatistics();
  }
}

const UNTOLD_CONNECTION = {
  connectedAt: undefined,
  lastMessageAt: undefined,
  reconnects: 0,
  latencyMs: undefined,
  lastError: undefined,
} satisfies Partial<ConnectionView>;
