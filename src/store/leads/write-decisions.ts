// Applies the decision for each record of a scored lead: write to the CRM, or not.
import { sql, type Transaction } from 'kysely';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import type { DueLead } from './due-leads.ts';
import type { ScoredLead } from './scored-lead.ts';

/** @param results the ids of the new results by lead */
export async function applyDecisions(
  tx: Transaction<Tables>,
  scored: readonly ScoredLead[],
  due: readonly DueLead[],
  results: ReadonlyMap<number, number>,
  now: Date,
): Promise<void> {
  const rows = decisionRows(scored, due, results);
  if (rows.length === 0) return;
  const decisions = sql`${jsonRows(rows)} as t (crm text, object text, id text, kind text, patch jsonb, result_id bigint,
    priority smallint)`;
  await sql`
    insert into leadgrade.outbox as o (crm, object, record_id, result_id, patch, queued_at, priority)
    select crm, object, id, result_id, patch, ${now}, priority from ${decisions} where kind = 'write'
    on conflict (crm, object, record_id)
    do update set result_id = excluded.result_id, patch = excluded.patch, attempts = 0, retry_at = null,
      priority = least(o.priority, excluded.priority),
      version = nextval('leadgrade.outbox_versions')`.execute(tx);
  // The other records need no write, even if an older result is still in the outbox.
  await sql`
    delete from leadgrade.outbox o using ${decisions}
    where t.kind <> 'write' and o.crm = t.crm and o.object = t.object and o.record_id = t.id`.execute(tx);
  await sql`
    update leadgrade.records r
    set synced_result_id = case when t.kind in ('in_sync', 'below_min_change') then t.result_id end,
        last_written_values = case when t.kind = 'in_sync' then coalesce(r.last_written_values, r.crm_values)
          else r.last_written_values end
    from ${decisions} where r.crm = t.crm and r.object = t.object and r.id = t.id`.execute(tx);
}

function decisionRows(scored: readonly ScoredLead[], due: readonly DueLead[], results: ReadonlyMap<number, number>) {
  const byId = new Map(due.map((lead) => [lead.id, lead]));
  return scored.flatMap((lead) =>
    lead.records.map((record) => ({
      crm: record.crm,
      object: record.object,
      id: record.id,
      kind: record.kind,
      patch: record.kind === 'write' ? record.patch : null,
      result_id: lead.unscored ? null : (results.get(lead.leadId) ?? byId.get(lead.leadId)?.previous?.id ?? null),
      priority: writePriority(byId.get(lead.leadId)?.priority ?? PRIORITY.change, lead),
    })),
  );
}

function writePriority(priority: Priority, { rises }: ScoredLead): Priority {
  return rises === true && priority > PRIORITY.rise ? PRIORITY.rise : priority;
}
