// Field conflicts: edits of a score field by a user or another app. They are detected when a record
// is read, and saved as part of its history.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { meaningOf, type ScoreFieldValues, type ScoreKey, scoreKeysOf } from '../../domain/score-fields.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export type EditPolicy = 'overwrite' | 'respect';

export interface Conflict extends RecordRef {
  readonly field: ScoreKey;
  readonly ours: string | number | null;
  readonly theirs: string | number | null;
}

interface ReadRecord extends RecordRef {
  /** The values of the read before. */
  readonly before: ScoreFieldValues;
  /** The values of the present read. */
  readonly crmValues: ScoreFieldValues;
  readonly lastWritten: ScoreFieldValues | null;
  /** The pending write, which can reach the CRM at this moment. */
  readonly unsent: ScoreFieldValues | null;
}

/**
 * Returns the fields with a value that Leadgrade did not write and that was not there at the last
 * read. A record with another `scored_at` holds a write of our own that is not confirmed yet.
 */
export function detectConflicts({
  object,
  id,
  before,
  crmValues,
  lastWritten,
  unsent,
}: ReadRecord): readonly Conflict[] {
  if (lastWritten === null || isOurOwnWrite(crmValues, lastWritten)) return [];
  // A field that is not read, or was never written, cannot be in conflict.
  const fields = scoreKeysOf(crmValues).filter((field) => Object.hasOwn(lastWritten, field));
  return fields.flatMap((field) => {
    const theirs = crmValues[field] ?? null;
    const ours = lastWritten[field] ?? null;
    const known = [lastWritten, before, ...(unsent === null ? [] : [unsent])];
    const isKnown = known.some((values) => isSame(values[field] ?? null, theirs));
    return isKnown ? [] : [{ object, id, field, ours, theirs }];
  });
}

/**
 * Whether a score field holds a value that Leadgrade did not write. An emptied field does not
 * count.
 */
export function isEditedByOthers(crmValues: ScoreFieldValues, lastWritten: ScoreFieldValues | null): boolean {
  if (lastWritten === null || isOurOwnWrite(crmValues, lastWritten)) return false;
  return scoreKeysOf(crmValues).some((field) => {
    const theirs = crmValues[field] ?? null;
    return theirs !== null && theirs !== '' && !isSame(theirs, lastWritten[field] ?? null);
  });
}

function isOurOwnWrite(crmValues: ScoreFieldValues, lastWritten: ScoreFieldValues): boolean {
  // All fields are written at once: one instant tells of all models.
  return scoreKeysOf(crmValues).some((key) => {
    if (meaningOf(key) !== 'scored_at') return false;
    const [theirs, ours] = [crmValues[key] ?? null, lastWritten[key] ?? null];
    return theirs !== null && ours !== null && !isSame(theirs, ours);
  });
}

/** Compares without differences in white space: CRMs trim text and rewrite line ends. */
function isSame(a: string | number | null, b: string | number | null): boolean {
  const plain = (value: string | number | null) =>
    String(value ?? '')
      .replaceAll(/\s+/g, ' ')
      .trim();
  return plain(a) === plain(b);
}

export async function saveConflicts(
  tx: Transaction<Tables>,
  crm: string,
  conflicts: readonly Conflict[],
  { policy, now }: { readonly policy: EditPolicy; readonly now: Date },
): Promise<void> {
  if (conflicts.length === 0) return;
  await sql`
    insert into leadgrade.field_conflicts (crm, object, record_id, field, ours, theirs, policy, seen_at)
    select ${crm}, object, id, field, coalesce(ours, 'null'), coalesce(theirs, 'null'), ${policy}, ${now}
    from ${jsonRows(conflicts)} as t (object text, id text, field text, ours jsonb, theirs jsonb)`.execute(tx);
}

/** An app that reverts each of our writes causes conflicts with every read. */
const MAX_PER_RECORD = 100;
const MAX_AGE_MS = 365 * 86_400_000;

/**
 * Deletes conflicts older than a year, and all but the latest 100 of each record.
 * @returns their number
 */
export async function purgeConflicts(db: Kysely<Tables>, now: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.field_conflicts c using (
      select id, seen_at, row_number() over (partition by crm, object, record_id order by id desc) as age_rank
      from leadgrade.field_conflicts
    ) k
    where c.id = k.id and (k.age_rank > ${MAX_PER_RECORD} or k.seen_at < ${new Date(now.getTime() - MAX_AGE_MS)})`.execute(
    db,
  );
  return Number(numAffectedRows);
}

export interface SeenConflict extends Conflict {
  readonly crm: string;
  readonly policy: EditPolicy;
  readonly seenAt: Date;
}

/** The latest conflicts of a lead's records, newest first. */
export async function listConflictsOfLead(
  db: Kysely<Tables>,
  leadId: number,
  limit: number,
): Promise<readonly SeenConflict[]> {
  const { rows } = await sql<SeenConflict>`
    select c.crm, c.object, c.record_id as id, c.field, c.ours, c.theirs, c.policy, c.seen_at as "seenAt"
    from leadgrade.field_conflicts c
    join leadgrade.records r on r.crm = c.crm and r.object = c.object and r.id = c.record_id
    where r.lead_id = ${leadId} order by c.id desc limit ${limit}`.execute(db);
  return rows;
}
