/** Advisories of the status channel, in the form in which they were recorded. */

/** Maintenance in half an hour, for an hour. */
export function maintenance(changes: object, nowMs: number): object {
  return {
    event_id: 21,
    title: 'Scheduled Maintenance',
    expected_start_utc: seconds(nowMs + 1_800_000),
    expected_end_utc: seconds(nowMs + 5_400_000),
    time_to_start_s: 1_800,
    phase: 'approaching_30m',
    affected_services: ['spot_ws', 'spot_trading'],
    order_submission: 'discouraged',
    recommended_action: 'reduce_activity',
    cancel_before_utc: seconds(nowMs + 1_500_000),
    source_url: 'https://stspg.io/simulated',
    ...changes,
  };
}

/** An incident that has just been understood. */
export function emergency(changes: object, nowMs: number): object {
  return {
    event_id: 4_821,
    title: 'Spot Connectivity Incident',
    incident_status: 'identified',
    impact: 'major',
    affected_services: ['spot_ws'],
    started_at_utc: seconds(nowMs),
    next_steps: [
      { applies_to: ['spot_ws'], type: 'expected_restart', expected_at_utc: seconds(nowMs + 1_800_000) },
    ],
    source_url: 'https://status.kraken.com/incidents/simulated',
    ...changes,
  };
}

function seconds(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
