/**
 * Maintenance and emergencies that the status channel announces. They are written by people, for people: a row needs an
 * id, and of the rest what makes no sense is left out.
 */
import type { LosslessJson, LosslessObject } from '../lib/lossless-json.ts';
import { InvalidMember, readRows, word } from './members.ts';
import type { EmergencyRow, MaintenanceRow, SkippedRow } from './messages.ts';
import { isTimestamp } from './timestamp.ts';

/** More at once are not Kraken's. */
const MOST_ADVISORIES = 50;
const MOST_SERVICES = 32;
const LONGEST_TITLE = 300;
const UNSPECIFIED = 'unspecified';

export function maintenanceRow(row: LosslessObject): MaintenanceRow {
  return {
    event_id: word(row, 'event_id'),
    title: titleOf(row),
    phase: wordIfAny(row['phase']) ?? UNSPECIFIED,
    expected_start_utc: timeIfAny(row['expected_start_utc']),
    expected_end_utc: timeIfAny(row['expected_end_utc']),
    affected_services: servicesOf(row),
    recommended_action: wordIfAny(row['recommended_action']),
  };
}

export function emergencyRow(row: LosslessObject): EmergencyRow {
  return {
    event_id: word(row, 'event_id'),
    title: titleOf(row),
    incident_status: wordIfAny(row['incident_status']) ?? UNSPECIFIED,
    impact: wordIfAny(row['impact']),
    started_at_utc: timeIfAny(row['started_at_utc']),
    affected_services: servicesOf(row),
  };
}

/** The rows of a list of advisories; undefined where the frame has no such list. */
export function advisoriesOf<Row>(
  list: LosslessJson | undefined,
  read: (row: LosslessObject) => Row,
  skipped: SkippedRow[],
): readonly Row[] | undefined {
  if (list === undefined || list === null) return undefined;
  if (Array.isArray(list)) return readRows(list.slice(0, MOST_ADVISORIES), read, skipped);
  skipped.push({ name: undefined, problem: 'advisories are not an array' });
  return undefined;
}

/** In any language, on one line. */
function titleOf(row: LosslessObject): string {
  const { title } = row;
  if (typeof title !== 'string') return '';
  return title
    .replace(/[\p{Cc}\p{Cs}]+/gu, ' ')
    .slice(0, LONGEST_TITLE)
    .trim();
}

function servicesOf({ affected_services: services }: LosslessObject): readonly string[] {
  if (!Array.isArray(services)) return [];
  return services.slice(0, MOST_SERVICES).flatMap(service => wordIfAny(service) ?? []);
}

function wordIfAny(value: LosslessJson | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  try {
    return word({ value }, 'value');
  } catch (error) {
    if (error instanceof InvalidMember) return undefined;
    throw error;
  }
}

function timeIfAny(value: LosslessJson | undefined): string | undefined {
  return typeof value === 'string' && isTimestamp(value) ? value : undefined;
}
