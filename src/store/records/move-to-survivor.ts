// What belongs to a record that was merged into another goes over to the survivor, under the survivor's id, so that a stream which
// shows it there does not count it twice.
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export interface Merged extends RecordRef {
  readonly into: RecordRef;
}

interface MoveOptions {
  readonly crm: string;
  readonly merged: readonly Merged[];
  readonly now: Date;
  /** Of the rows (`a`), those that go over; absent: all. */
  readonly only?: RawBuilder<unknown>;
}

/** What stays behind, as the survivor has it already or it is not to go over, gets a tombstone. */
export async function moveRowsToSurvivor(
  tx: Transaction<Tables>,
  table: 'activities' | 'outcomes',
  { crm, merged, now, only = sql`true` }: MoveOptions,
): Promise<void> {
  const rows = sql.table(`leadgrade.${table}`);
  const pairs = sql`${pairsOf(merged)} as t (object text, id text, into_object text, into_id text)`;
  const ofMerged = sql`a.crm = ${crm} and a.object = t.object and a.record_id = t.id`;
  await sql`
    update ${rows} a set object = t.into_object, record_id = t.into_id, lead_id = survivor.lead_id
    from ${pairs}
    join leadgrade.records survivor
      on survivor.crm = ${crm} and survivor.object = t.into_object and survivor.id = t.into_id
    where ${ofMerged} and ${only} and not exists (
      select from ${rows} b
      where b.crm = ${crm} and b.object = t.into_object and b.record_id = t.into_id and b.id = a.id
    )`.execute(tx);
  await sql`update ${rows} a set gone_at = ${now} from ${pairs} where ${ofMerged} and a.gone_at is null`.execute(tx);
}

/** As rows of (object, id, into_object, into_id). */
export function pairsOf(merged: readonly Merged[]): RawBuilder<unknown> {
  return jsonRows(merged.map(({ object, id, into }) => ({ object, id, into_object: into.object, into_id: into.id })));
}
