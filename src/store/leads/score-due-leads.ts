// Scores one chunk of due leads in one transaction: lock, load, score (the caller's function),
// save. A scoring is therefore saved completely or not at all, and no two workers score the same
// lead.
import type { Kysely } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import type { Tables } from '../tables/tables.ts';
import { type DueLead, loadDueLeads, lockDueLeads } from './due-leads.ts';
import { throttleRescoring } from './rescore-limit.ts';
import { insertResults, recordFailures, updateScoredLeads } from './save-results.ts';
import type { ScoredLead } from './scored-lead.ts';
import { applyDecisions } from './write-decisions.ts';

interface Chunk {
  readonly limit: number;
  readonly now: Date;
  readonly inputsHash: string;
  /**
   * The CRMs that are set up. Records of others do not count, as their present state is unknown.
   */
  readonly crms: readonly string[];
  /** Maximum number of scorings of a lead for the reason `changed` within an hour. */
  readonly maxPerHour: number;
}

export interface ChunkScored {
  /** Number of claimed leads; less than `limit` if no more are due. */
  readonly claimed: number;
  /** Number of them with a new activity. */
  readonly urgent: number;
  /** Number of them that were postponed by the rescore throttle. */
  readonly throttled: number;
  /** Number of them that are out of scope, or have no live record: they have no score. */
  readonly unscored: number;
}

/** Scores up to `limit` due leads, by priority and due instant. */
export async function scoreDueLeads(
  db: Kysely<Tables>,
  chunk: Chunk,
  score: (leads: readonly DueLead[]) => readonly ScoredLead[],
): Promise<ChunkScored> {
  return db.transaction().execute(async (tx) => {
    const claimed = await lockDueLeads(tx, chunk);
    const throttled = await throttleRescoring(tx, claimed, chunk);
    const due = await loadDueLeads(
      tx,
      claimed.filter(({ id }) => !throttled.has(id)),
      chunk.crms,
    );
    let unscored = 0;
    if (due.length > 0) {
      const scored = score(due);
      unscored = scored.filter((lead) => lead.unscored).length;
      const results = await insertResults(tx, scored);
      await updateScoredLeads(tx, scored, results, chunk);
      await recordFailures(tx, scored, due, chunk.now);
      await applyDecisions(tx, scored, due, results, chunk.now);
    }
    const urgent = due.filter(({ priority }) => priority === PRIORITY.activity).length;
    return { claimed: claimed.length, urgent, throttled: throttled.size, unscored };
  });
}
