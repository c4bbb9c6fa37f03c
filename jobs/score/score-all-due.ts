// Scores all due leads in chunks, each chunk in one transaction.
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { STATE_RULES } from '../../src/scoring/lead-state.ts';
import { scoreDueLeads } from '../../src/store/leads/score-due-leads.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import { type JobContext, scoringInstant } from '../context.ts';
import { addModels, knownModels } from './earlier-models.ts';
import { CHUNKS_BETWEEN_ENQUEUES, enqueueScorers } from './parallel-scorers.ts';
import { scoreChunk } from './score-chunk.ts';
import { inputOptions, otherModels, type ScoringInputs } from './scoring-inputs.ts';

/**
 * Leads per transaction: large enough to be worth the round trips, small enough not to block other
 * transactions.
 */
const CHUNK = 500;
/** Scorings of a lead per hour because its records changed. More is a loop with another writer. */
const MAX_PER_HOUR = 60;

/** If there is more than one chunk, other workers score beside this one. */
export async function scoreAllDue(context: JobContext, inputs: ScoringInputs): Promise<void> {
  const { db, crms, model, models, timezone, clock, signal } = context;
  const others = otherModels(models);
  let claimed = CHUNK;
  for (let chunks = 1; claimed === CHUNK && !signal.aborted; chunks++) {
    const now = scoringInstant(context).getTime();
    const chunk = await scoreDueLeads(
      db,
      {
        limit: CHUNK,
        now: clock.now(),
        inputsHash: inputs.hash,
        modelHash: model.hash,
        ...(others.length > 0 && { others }),
        knownModels,
        stateVersion: sha256Hex(`${STATE_RULES}\n${inputs.hash}`),
        asOf: new Date(now),
        ...inputOptions(context),
        maxPerHour: MAX_PER_HOUR,
      },
      (leads, { earlierModels, thresholds }) => {
        addModels(earlierModels);
        return scoreChunk(leads, { crms, models, timezone, inputs, thresholds, earlierModels: knownModels, now });
      },
    );
    claimed = chunk.claimed;
    const { throttled, unscored, unchanged, belowMinChange, respected } = chunk;
    const scored = claimed - throttled - unscored;
    const notWritten = { unchanged, below_min_change: belowMinChange, respected };
    await addToRunCounters(db, { scored, out_of_scope: unscored, ...notWritten });
    if (chunk.failed > 0)
      context.log.warn({ leads: chunk.failed }, 'leads could not be scored; see npx leadgrade errors list');
    if (chunk.throttled > 0)
      context.log.warn({ leads: chunk.throttled }, `leads scored ${MAX_PER_HOUR} times within an hour are paused`);
    // Write urgent results while the other leads are scored.
    if (chunk.urgent > 0 && claimed === CHUNK) await enqueueWrites(context);
    if (claimed === CHUNK && chunks % CHUNKS_BETWEEN_ENQUEUES === 1) await enqueueScorers(context);
  }
}

export async function enqueueWrites({ crms, enqueue }: JobContext): Promise<void> {
  for (const crm of crms.keys()) await enqueue('write-scores', { crm });
}
