// Conflicts: somebody else wrote a field of ours. Seen when a record is read, kept as part of its history.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { SCORE_FIELDS, type ScoreField, type ScoreFieldValues } from '../../domain/score-fields.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export type EditPolicy = 'overwrite' | 'respect';

export interface Conflict extends RecordRef {
  readonly field: ScoreField;
  readonly ours: string | number | null;
  readonly theirs: string | number | null;
}

interface ReadRecord extends RecordRef {
  /** As it was read before, and as it is now. */
  readonly before: ScoreFieldValues;
  readonly crmValues: ScoreFieldValues;
  /** What we wrote last, and what we may be writing right now. */
  readonly lastWritten: ScoreFieldValues | null;
  readonly unsent: ScoreFieldValues | null;
}

/**
 * The fields that are neither as we wrote them nor as they were read before. A record that carries another instant of scoring is one
 * that we wrote ourselves and have not heard of yet.
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
  // One that is not read, or that we never wrote, is nobody's edit.
  const fields = SCORE_FIELDS.filter((field) => Object.hasOwn(crmValues, field) && Object.hasOwn(lastWritten, field));
  return fields.flatMap((field) => {
    const theirs = crmValues[field] ?? null;
    const ours = lastWritten[field] ?? null;
    const known = [lastWritten, before, ...(unsent === null ? [] : [unsent])];
    const isKnown = known.some((values) => isSame(values[field] ?? null, theirs));
    return isKnown ? [] : [{ object, id, field, ours, theirs }];
  });
}

/** Whether one of our fields holds something that is not ours; an emptied one holds nothing. */
export function isEditedByOthers(crmValues: ScoreFieldValues, lastWritten: ScoreFieldValues | null): boolean {
  if (lastWritten === null || isOurOwnWrite(crmValues, lastWritten)) return false;
  return SCORE_FIELDS.some((field) => {
    const theirs = crmValues[field] ?? null;
    return theirs !== null && theirs !== '' && !isSame(theirs, lastWritten[field] ?? null);
  });
}

function isOurOwnWrite(crmValues: ScoreFieldValues, lastWritten: ScoreFieldValues): boolean {
  const [theirs, ours] = [crmValues.scored_at ?? null, lastWritten.scored_at ?? null];
  return theirs !== null && ours !== null && !isSame(theirs, ours);
}

/** CRMs trim text and rewrite line ends. */
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

/** Kept of each record: the latest. Another app that answers each of our writes makes some with each reading. */
const KEPT = 100;
const KEPT_MS = 365 * 86_400_000;

/** Forgets conflicts of a year ago, and of each record all but the latest hundred. Gives how many. */
export async function purgeConflicts(db: Kysely<Tables>, now: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.field_conflicts c using (
      select id, seen_at, row_number() over (partition by crm, object, record_id order by id desc) as place
      from leadgrade.field_conflicts
    ) k
    where c.id = k.id and (k.place > ${KEPT} or k.seen_at < ${new Date(now.getTime() - KEPT_MS)})`.execute(db);
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
