// Score: due leads in chunks, each chunk in one transaction, until none is due.

import { pointsByBand, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import { markDueByInputs, nextDueAt } from '../../src/store/leads/mark-due.ts';
import { saveModel } from '../../src/store/leads/models.ts';
import { scoreDueLeads } from '../../src/store/leads/score-due-leads.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import { type JobContext, scoringInstant } from '../context.ts';
import { assignSiteEvents } from '../ingest/match-site-events.ts';
import { isInitialSyncDone } from './initial-sync.ts';
import { matchPeople } from './match-people.ts';
import { scoreChunk } from './score-chunk.ts';
import { type ScoringInputs, scoringInputs } from './scoring-version.ts';
import { updateBandThresholds } from './update-thresholds.ts';

/** Leads a transaction: long enough to be worth its round trips, short enough that nobody waits for it. */
const CHUNK = 500;
const SOON_MS = 500;
const LONGEST_REST_MS = 60_000;
/** Changes of a lead's records that are answered with a scoring in an hour: more is a loop with another writer. */
const MOST_AN_HOUR = 60;

export async function scoreLeads(context: JobContext): Promise<void> {
  const { db, model, clock, signal } = context;
  if (!(await isInitialSyncDone(context))) return;
  await matchPeople(context);
  // Whoever has just appeared has what they did before in their first score.
  await assignSiteEvents(context);
  await saveModel(db, { hash: model.hash, name: model.compiled.id, text: model.text }, clock.now());
  const basis = await scoringInputs(context);
  await markDueByInputs(db, basis.hash, clock.now());
  const began = clock.now();
  await scoreAllDue(context, basis);
  // Before anything of it is written: who is hot depends on all the others.
  if (!signal.aborted && (await updateBandThresholds(context, basis.hash, began)) > 0)
    await scoreAllDue(context, basis);
  await enqueueWrites(context);
  // Those that somebody held just now were passed over: they are scored as soon as that one is done. Others rest for a moment.
  const next = signal.aborted ? null : await nextDueAt(db);
  if (next === null) return;
  const delayMs = Math.max(SOON_MS, next.getTime() - clock.now().getTime());
  await context.enqueue('score-leads', {}, { delayMs: Math.min(delayMs, LONGEST_REST_MS) });
}

async function enqueueWrites(context: JobContext): Promise<void> {
  for (const crm of context.crms.keys()) await context.enqueue('write-scores', { crm });
}

async function scoreAllDue(context: JobContext, basis: ScoringInputs): Promise<void> {
  const { db, crms, model, timezone, clock, signal } = context;
  let taken = CHUNK;
  while (taken === CHUNK && !signal.aborted) {
    const now = scoringInstant(context).getTime();
    const thresholds = pointsByBand(await thresholdsOf(db, model.hash));
    const chunk = await scoreDueLeads(
      db,
      { limit: CHUNK, now: clock.now(), inputsHash: basis.hash, crms: [...crms.keys()], maxPerHour: MOST_AN_HOUR },
      (leads) => scoreChunk(leads, { crms, model, timezone, basis, thresholds, now }),
    );
    taken = chunk.claimed;
    await addToRunCounters(db, { scored: taken - chunk.throttled });
    if (chunk.throttled > 0)
      context.log.warn({ leads: chunk.throttled }, 'leads that change again and again rest for an hour');
    // Somebody who did something just now is not kept waiting for all the others.
    if (chunk.urgent > 0 && taken === CHUNK) await enqueueWrites(context);
  }
}
