// Scores one chunk of due leads in one transaction: lock, load, score (the caller's function),
// save. A scoring is therefore saved completely or not at all, and no two workers score the same
// lead. A lead that cannot be scored or saved is listed as an error and tried again by itself.
import { type Kysely, sql, type Transaction } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import { saveMoves } from '../guard/moves.ts';
import { modelTexts } from '../models/models.ts';
import { saveOtherResults } from '../models/other-results.ts';
import { applyInputs } from '../models/scoring-config.ts';
import { isRefusedValue } from '../refused-value.ts';
import type { Tables } from '../tables/tables.ts';
import { type PointsOfBands, thresholdsByModel } from './band-thresholds.ts';
import { type DueLead, type LoadOptions, loadDueLeads, lockDueLeads, withCrmValues } from './due-leads.ts';
import { saveStates } from './input/lead-states.ts';
import { throttleRescoring } from './rescore-limit.ts';
import { insertResults, postponeFailures, recordFailures, updateScoredLeads } from './save-results.ts';
import type { ScoredLead } from './scored-lead.ts';
import { applyDecisions } from './write-decisions.ts';

interface Chunk extends LoadOptions {
  readonly limit: number;
  readonly now: Date;
  readonly inputsHash: string;
  /** Of the first model. */
  readonly modelHash: string;
  /** Hashes of the models whose texts the caller has. */
  readonly knownModels?: { has(hash: string): boolean };
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
  /** Number of them that could not be scored. */
  readonly failed: number;
  /** Number of them that are out of scope, or have no live record: they have no score. */
  readonly unscored: number;
  /** Number of their records of which the CRM holds the result already. */
  readonly unchanged: number;
  /** Number of their records whose difference to the CRM is not worth a write. */
  readonly belowMinChange: number;
  /** Number of their records that show an edit of another writer, which the mapping respects. */
  readonly respected: number;
}

interface ChunkModels {
  /** The texts of the models that gave previous results, by hash; not of `knownModels`. */
  readonly earlierModels: ReadonlyMap<string, string>;
  /**
   * By model hash, of bands with `top` or `capacity`. They do not change while a chunk is being scored
   * (`lockScoring`).
   */
  readonly thresholds: ReadonlyMap<string, PointsOfBands>;
}

type Score = (leads: readonly DueLead[], models: ChunkModels) => readonly ScoredLead[];

const NONE: ChunkScored = {
  ...{ claimed: 0, urgent: 0, throttled: 0, failed: 0, unscored: 0 },
  ...{ unchanged: 0, belowMinChange: 0, respected: 0 },
};

/**
 * Scores up to `limit` due leads, by priority and due instant; none if other inputs apply
 * meanwhile.
 */
export async function scoreDueLeads(db: Kysely<Tables>, chunk: Chunk, score: Score): Promise<ChunkScored> {
  return db.transaction().execute(async (tx) => {
    if (!(await applyInputs(tx, chunk.inputsHash))) return NONE;
    const claimed = await lockDueLeads(tx, chunk);
    const throttled = await throttleRescoring(tx, claimed, chunk);
    const due = await loadDueLeads(
      tx,
      claimed.filter(({ id }) => !throttled.has(id)),
      chunk,
    );
    const scored = await scoreAll(tx, due, chunk, score);
    const failed = due.length === 0 ? 0 : await saveOrHalve(tx, scored, due, chunk);
    const unscored = scored.filter(isUnscored).length;
    const urgent = due.filter(({ priority }) => priority === PRIORITY.activity).length;
    const counts = { claimed: claimed.length, urgent, throttled: throttled.size, failed, unscored };
    return { ...counts, ...countSkippedWrites(scored, due) };
  });
}

/** No model scores the lead. */
function isUnscored({ unscored, others }: ScoredLead): boolean {
  return unscored && [...(others?.values() ?? [])].every((other) => other.unscored);
}

async function scoreAll(
  tx: Transaction<Tables>,
  due: readonly DueLead[],
  chunk: Chunk,
  score: Score,
): Promise<readonly ScoredLead[]> {
  if (due.length === 0) return [];
  const models = await chunkModels(tx, due, chunk);
  const scored = score(due, models);
  const undecided = new Set(scored.flatMap(({ leadId, needsCrmValues }) => (needsCrmValues ? [leadId] : [])));
  if (undecided.size === 0) return scored;
  const complete = await withCrmValues(
    tx,
    due.filter(({ id }) => undecided.has(id)),
    chunk,
  );
  return [...scored.filter(({ leadId }) => !undecided.has(leadId)), ...score(complete, models)];
}

function countSkippedWrites(scored: readonly ScoredLead[], due: readonly DueLead[]) {
  const records = new Map(due.map(({ id, records: { length } }) => [id, length]));
  const counts = { unchanged: 0, belowMinChange: 0, respected: 0 };
  for (const { leadId, failure, records: decisions } of scored) {
    if (failure !== undefined) continue;
    const others = decisions.filter(({ kind }) => kind !== 'in_sync');
    counts.unchanged += (records.get(leadId) ?? 0) - others.length;
    counts.belowMinChange += others.filter(({ kind }) => kind === 'below_min_change').length;
    counts.respected += others.filter(({ kind }) => kind === 'respected').length;
  }
  return counts;
}

async function chunkModels(tx: Transaction<Tables>, due: readonly DueLead[], chunk: Chunk): Promise<ChunkModels> {
  const thresholds = await thresholdsByModel(tx, modelHashes(chunk));
  return { earlierModels: await earlierModels(tx, due, chunk), thresholds };
}

function modelHashes({ modelHash, others = [] }: Chunk): readonly string[] {
  return [modelHash, ...others.map(({ hash }) => hash)];
}

async function earlierModels(
  tx: Transaction<Tables>,
  due: readonly DueLead[],
  chunk: Chunk,
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Set(
    due.flatMap(({ previous, others }) => [
      ...(previous === null ? [] : [previous.model_hash]),
      ...[...(others?.values() ?? [])].map(({ model_hash }) => model_hash),
    ]),
  );
  const unknown = [...hashes].filter((hash) => !chunk.knownModels?.has(hash));
  return unknown.length === 0 ? new Map() : modelTexts(tx, unknown);
}

/**
 * Saves the results. If the database refuses a value, halves the leads down to the one that has it,
 * which fails alone.
 * @returns the number of leads that could not be scored or saved
 */
async function saveOrHalve(
  tx: Transaction<Tables>,
  scored: readonly ScoredLead[],
  due: readonly DueLead[],
  chunk: Chunk,
): Promise<number> {
  await sql`savepoint scored`.execute(tx);
  try {
    await save(tx, scored, due, chunk);
    await sql`release savepoint scored`.execute(tx);
    return scored.filter(({ failure }) => failure !== undefined).length;
  } catch (error) {
    const [only] = scored;
    const isLast = only === undefined || (scored.length === 1 && only.failure !== undefined);
    if (isLast || !isRefusedValue(error)) throw error;
    await sql`rollback to savepoint scored`.execute(tx);
    if (scored.length === 1) {
      const failure = 'The database refuses a value of its result.';
      const { leadId, unscored } = only;
      return saveOrHalve(
        tx,
        [{ leadId, unscored, result: null, nextChangeAt: null, records: [], failure }],
        due,
        chunk,
      );
    }
    const middle = Math.ceil(scored.length / 2);
    const first = await saveOrHalve(tx, scored.slice(0, middle), due, chunk);
    return first + (await saveOrHalve(tx, scored.slice(middle), due, chunk));
  }
}

async function save(
  tx: Transaction<Tables>,
  scored: readonly ScoredLead[],
  allDue: readonly DueLead[],
  chunk: Chunk,
): Promise<void> {
  const ids = new Set(scored.map(({ leadId }) => leadId));
  const due = allDue.filter(({ id }) => ids.has(id));
  const results = await insertResults(tx, scored);
  await saveMoves(tx, scored, chunk.now);
  await updateScoredLeads(tx, scored, results.first, chunk);
  await saveOtherResults(tx, scored, results, chunk.others);
  await saveStates(tx, scored, chunk);
  await recordFailures(tx, scored, due, chunk.now);
  await postponeFailures(tx, scored, chunk.now);
  await applyDecisions(tx, scored, due, { inserted: results, others: chunk.others }, chunk.now);
}
