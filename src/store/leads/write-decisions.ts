// Applies the decision for each record of a scored lead: write to the CRM, or not.
import { sql, type Transaction } from 'kysely';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import { arrayRows, type Column, jsonLines } from '../array-rows.ts';
import { storableJson } from '../json-rows.ts';
import { currentResultId, type InsertedIds, type OtherModel } from '../models/other-results.ts';
import { isOneOf } from '../outbox/outbox.ts';
import { byObject } from '../records/ref-key.ts';
import type { Tables } from '../tables/tables.ts';
import type { DueLead } from './due-leads.ts';
import type { ScoredLead } from './scored-lead.ts';

interface NewResults {
  readonly inserted: InsertedIds;
  /** The models beside the first one. */
  readonly others?: readonly OtherModel[] | undefined;
}

export async function applyDecisions(
  tx: Transaction<Tables>,
  scored: readonly ScoredLead[],
  due: readonly DueLead[],
  results: NewResults,
  now: Date,
): Promise<void> {
  const rows = decisionRows(scored, due, results);
  const writes = rows.filter(({ kind }) => kind === 'write');
  if (writes.length > 0) await upsertWrites(tx, writes, now);
  const others = rows.filter(({ kind }) => kind !== 'write');
  if (others.length > 0) await deletePending(tx, others);
  const inSync = others.filter(({ kind }) => kind === 'in_sync');
  if (inSync.length > 0) await markInSync(tx, inSync);
}

type DecisionRow = ReturnType<typeof decisionRows>[number];

async function upsertWrites(tx: Transaction<Tables>, rows: readonly DecisionRow[], now: Date): Promise<void> {
  const columns = arrayRows(
    ...keysOf(rows),
    ['bigint', rows.map(({ result_id }) => result_id)],
    jsonLines(rows.map(({ patch }) => storableJson(patch ?? {}))),
    ['smallint', rows.map(({ priority }) => priority)],
  );
  await sql`
    insert into leadgrade.outbox as o (crm, object, record_id, result_id, patch, queued_at, priority)
    select crm, object, id, result_id, patch::json, ${now}, priority
    from ${columns} as t (crm, object, id, result_id, patch, priority)
    on conflict (crm, object, record_id)
    do update set result_id = excluded.result_id, patch = excluded.patch, attempts = 0, retry_at = null,
      priority = least(o.priority, excluded.priority),
      version = nextval('leadgrade.outbox_versions')`.execute(tx);
}

/** These records need no write, even if an older result is still in the outbox. */
async function deletePending(tx: Transaction<Tables>, rows: readonly DecisionRow[]): Promise<void> {
  for (const [crm, ofCrm] of Map.groupBy(rows, (row) => row.crm)) {
    for (const { object, ids } of byObject(ofCrm)) {
      await sql`delete from leadgrade.outbox o where ${isOneOf({ crm, object }, ids)}`.execute(tx);
    }
  }
}

/**
 * Any other record is not updated: it names an older result, or none, and so differs from the lead's
 * result already.
 */
async function markInSync(tx: Transaction<Tables>, rows: readonly DecisionRow[]): Promise<void> {
  const columns = arrayRows(...keysOf(rows), ['bigint', rows.map(({ result_id }) => result_id)]);
  await sql`
    update leadgrade.records r
    set synced_result_id = t.result_id, last_written_values = coalesce(r.last_written_values, r.crm_values)
    from ${columns} as t (crm, object, id, result_id)
    where r.crm = t.crm and r.object = t.object and r.id = t.id
      and (r.synced_result_id is distinct from t.result_id or r.last_written_values is null)`.execute(tx);
}

function keysOf(rows: readonly DecisionRow[]): readonly Column[] {
  return [
    ['text', rows.map(({ crm }) => crm)],
    ['text', rows.map(({ object }) => object)],
    ['text', rows.map(({ id }) => id)],
  ];
}

function decisionRows(scored: readonly ScoredLead[], due: readonly DueLead[], results: NewResults) {
  const byId = new Map(due.map((lead) => [lead.id, lead]));
  return scored.flatMap((lead) => {
    const result_id = resultIdAfter(lead, byId.get(lead.leadId), results);
    return lead.records.map((record) => ({
      crm: record.crm,
      object: record.object,
      id: record.id,
      kind: record.kind,
      patch: record.kind === 'write' ? record.patch : null,
      result_id,
      priority: writePriority(byId.get(lead.leadId)?.priority ?? PRIORITY.change, lead),
    }));
  });
}

/** Stands for the results that the lead has after its scoring (`currentResultId`). */
function resultIdAfter(lead: ScoredLead, due: DueLead | undefined, { inserted, others }: NewResults): number | null {
  const idOf = (unscored: boolean, inserted: number | undefined, before: number | undefined) => {
    const id = unscored ? undefined : (inserted ?? before);
    return id === undefined ? null : { id };
  };
  const previous = idOf(lead.unscored, inserted.first.get(lead.leadId), due?.previous?.id);
  if (others === undefined) return previous?.id ?? null;
  const ids = others.flatMap(({ name }) => {
    const isOut = lead.others?.get(name)?.unscored ?? false;
    const current = idOf(isOut, inserted.others.get(lead.leadId)?.get(name), due?.others?.get(name)?.id);
    return current === null ? [] : [[name, current] as const];
  });
  return currentResultId({ previous, others: new Map(ids) }, others);
}

function writePriority(priority: Priority, { rises }: ScoredLead): Priority {
  return rises === true && priority > PRIORITY.rise ? PRIORITY.rise : priority;
}
