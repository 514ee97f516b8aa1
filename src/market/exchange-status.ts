import type { EmergencyRow, MaintenanceRow, StatusMessage } from '../kraken/messages.ts';

/** How the exchange itself does, in its own words. */
export interface ExchangeStatus {
  /** `online`, `maintenance`, `cancel_only`, `post_only`, `limit_only`; other values may come. */
  readonly system: string;
  readonly maintenance: readonly MaintenanceRow[];
  readonly emergencies: readonly EmergencyRow[];
  /** Wall-clock milliseconds at which it was last heard. */
  readonly receivedAt: number;
}

/**
 * The status after a message. Each connection begins with one, and not every deployment speaks of advisories: what the
 * public one does not mention is over, and what the private one does not mention stands.
 */
export function nextExchangeStatus(
  before: ExchangeStatus | undefined,
  message: StatusMessage,
  connection: 'public' | 'private',
  receivedAt: number,
): ExchangeStatus {
  const unmentioned = connection === 'private' ? before : undefined;
  return {
    system: message.system,
    maintenance: message.maintenance ?? unmentioned?.maintenance ?? [],
    emergencies: message.emergencies ?? unmentioned?.emergencies ?? [],
    receivedAt,
  };
}

/** Whether two say the same, whenever they were heard. */
export function sameExchangeStatus(one: ExchangeStatus | undefined, other: ExchangeStatus): boolean {
  return JSON.stringify({ ...one, receivedAt: 0 }) === JSON.stringify({ ...other, receivedAt: 0 });
}
