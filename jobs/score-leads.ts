// Score: due leads in chunks, each chunk in one transaction, until none is due.
import { scoreDueLeads } from '../src/store/due-leads.ts';
import { isAnybodyDue, markOutdated } from '../src/store/leads.ts';
import { keepModel } from '../src/store/models.ts';
import { countInRuns } from '../src/store/runs.ts';
import { pointsByBand, thresholdsOf } from '../src/store/thresholds.ts';
import { type JobContext, scoringInstant } from './context.ts';
import { mayScore } from './first-pulls.ts';
import { matchPeople } from './match-people.ts';
import { moveThresholds } from './move-thresholds.ts';
import { scoreChunk } from './score-chunk.ts';
import { type ScoringBasis, scoringBasis } from './scoring-basis.ts';

/** Leads a transaction: long enough to be worth its round trips, short enough that nobody waits for it. */
const CHUNK = 500;
const SOON_MS = 500;

export async function scoreLeads(context: JobContext): Promise<void> {
  const { db, crms, model, clock, signal } = context;
  if (!(await mayScore(context))) return;
  await matchPeople(context);
  await keepModel(db, { hash: model.hash, name: model.compiled.id, text: model.text }, clock.now());
  const basis = await scoringBasis(context);
  await markOutdated(db, basis.hash, clock.now());
  await scoreAllDue(context, basis);
  // Before anything of it is written: who is hot depends on all the others.
  if (!signal.aborted && (await moveThresholds(context, basis.hash)) > 0) await scoreAllDue(context, basis);
  for (const crm of crms.keys()) await context.ring('write', { crm });
  // Those that somebody held just now were passed over: they are scored as soon as that one is done.
  if (!signal.aborted && (await isAnybodyDue(db, clock.now()))) await context.ring('score', {}, { delayMs: SOON_MS });
}

async function scoreAllDue(context: JobContext, basis: ScoringBasis): Promise<void> {
  const { db, crms, model, timezone, clock, signal } = context;
  let scored = CHUNK;
  while (scored === CHUNK && !signal.aborted) {
    const now = scoringInstant(context).getTime();
    const thresholds = pointsByBand(await thresholdsOf(db, model.hash));
    scored = await scoreDueLeads(
      db,
      { limit: CHUNK, now: clock.now(), basisHash: basis.hash, crms: [...crms.keys()] },
      (leads) => scoreChunk(leads, { crms, model, timezone, basis, thresholds, now }),
    );
    await countInRuns(db, { scored });
  }
}
