// Compares the records that the nightly listing returns with the stored ones, and marks those that
// differ as dirty. Most do not: they are compared without a lock and without a write.
import { isDeepStrictEqual } from 'node:util';
import { type Kysely, sql } from 'kysely';
import type { Counters, ListedRecord, RecordLink, RecordRef } from '../../domain/crm-changes.ts';
import type { Fields } from '../../domain/lead.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import { equalLinks, LINKS_OF_RECORD } from '../identity/record-links.ts';
import { jsonRows } from '../json-rows.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import { markDirty } from '../records/mark-dirty.ts';
import { refKey } from '../records/ref-key.ts';
import type { RecordState } from '../tables/records.ts';
import type { Tables } from '../tables/tables.ts';
import { type Findings, NO_FINDINGS } from './findings.ts';

interface Stored extends RecordRef {
  readonly state: RecordState;
  readonly fields: Fields;
  readonly crm_values: ScoreFieldValues;
  readonly company_id: string | null;
  readonly modified_at: Date | null;
  readonly read_at: Date | null;
  /** When the score was computed that we wrote last. */
  readonly scored_at: Date | null;
  readonly counters: Counters;
  readonly links: readonly RecordLink[];
  /** It will be read anyway. */
  readonly is_dirty: boolean;
}

// Our own write moves the modification time, too: a few minutes after the score was computed.
const WRITTEN_WITHIN_MS = 900_000;
// A record that changed in the last minutes was not missed: the next poll reads it.
const LATE_AFTER_MS = 600_000;

/**
 * Marks listed records that differ from the stored ones as dirty. Deleted ones are left to the end
 * of the listing, which reads them by their ids.
 * @param askedAt the instant of the request; a record that was read later is newer
 * @returns by object: `late` changed after the stored state without being read; `changed` differ
 *   at the same modification time
 */
export async function markDifferingRecords(
  db: Kysely<Tables>,
  crm: string,
  listed: readonly ListedRecord[],
  { now, askedAt }: { readonly now: Date; readonly askedAt: Date },
): Promise<ReadonlyMap<string, Findings>> {
  const findings = new Map<string, Findings>();
  const stored = await findStored(db, crm, listed);
  const differing = listed.filter((record) => isDifferent(stored.get(refKey(record.ref)), record, askedAt));
  if (differing.length === 0) return findings;
  const dirty = differing.map(({ ref }) => ({ ref }));
  const refs = differing.map(({ ref }) => ref);
  await db
    .transaction()
    .execute((tx) => withLockedLeads(tx, crm, refs, (locked) => markDirty(locked, crm, dirty, now)));
  for (const record of differing) {
    const { object } = record.ref;
    const kind = kindOf(stored.get(refKey(record.ref)), record, now);
    const before = findings.get(object) ?? NO_FINDINGS;
    if (kind !== null) findings.set(object, { ...before, [kind]: before[kind] + 1 });
  }
  return findings;
}

async function findStored(
  db: Kysely<Tables>,
  crm: string,
  listed: readonly ListedRecord[],
): Promise<ReadonlyMap<string, Stored>> {
  if (listed.length === 0) return new Map();
  const refs = listed.map(({ ref: { object, id } }) => ({ object, id }));
  const { rows } = await sql<Stored>`
    select r.object, r.id, r.state, r.fields, r.crm_values, r.company_id, r.modified_at, r.read_at, r.counters,
      (r.last_written_values ->> 'scored_at')::timestamptz as scored_at,
      r.dirty_at is not null as is_dirty, ${LINKS_OF_RECORD} as links
    from leadgrade.records r join ${jsonRows(refs)} as t (object text, id text) on r.object = t.object and r.id = t.id
    where r.crm = ${crm}`.execute(db);
  return new Map(rows.map((row) => [refKey(row), row]));
}

function isDifferent(stored: Stored | undefined, listed: ListedRecord, askedAt: Date): boolean {
  if (stored === undefined || (stored.state === 'live' && stored.read_at === null)) return true;
  if (stored.state !== 'live' || (stored.read_at !== null && stored.read_at > askedAt)) return false;
  const { companyId, counters, links } = listed;
  return (
    hasOtherValue(stored.fields, listed.fields) ||
    hasOtherValue(stored.crm_values, listed.crmValues) ||
    (companyId !== undefined && companyId !== stored.company_id) ||
    (counters !== undefined && !isDeepStrictEqual(stored.counters, counters)) ||
    (links !== undefined && !equalLinks(stored.links, links))
  );
}

function hasOtherValue(stored: Readonly<Record<string, unknown>>, listed: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(listed).some(([name, value]) => !isDeepStrictEqual(stored[name] ?? null, value ?? null));
}

/** Null: an ordinary change, which is about to be read anyway. */
function kindOf(stored: Stored | undefined, { modifiedAt }: ListedRecord, now: Date): 'late' | 'changed' | null {
  if (stored?.is_dirty === true) return null;
  const at = Date.parse(modifiedAt);
  const explained = Math.max(
    stored?.modified_at?.getTime() ?? 0,
    (stored?.scored_at?.getTime() ?? 0) + WRITTEN_WITHIN_MS,
  );
  if (stored?.modified_at != null && at <= explained) return 'changed';
  return at > now.getTime() - LATE_AFTER_MS ? null : 'late';
}
