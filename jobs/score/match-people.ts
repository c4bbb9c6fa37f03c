// Before scoring: assigns new records, and records with changed links, to their person.
import { sha256Hex } from '../../src/domain/texts/sha256-hex.ts';
import { groupRecords } from '../../src/people/group-records.ts';
import { enqueueAllForMatching, enqueueSetAside } from '../../src/store/identity/match-queue.ts';
import { matchRecords } from '../../src/store/identity/match-records.ts';
import type { JobContext } from '../context.ts';
import { logChanges } from '../failures/set-aside.ts';

/**
 * Records per transaction. Most records have no match and cost only their share of a few
 * statements.
 */
const CHUNK = 2_000;

/** Raised when `groupRecords` decides differently with the same policy. */
const RULES = 2;

/** A record that cannot be matched is set aside and keeps its own lead; all others are matched. */
export async function matchPeople({
  db,
  people,
  clock,
  signal,
  log,
}: Pick<JobContext, 'db' | 'people' | 'clock' | 'signal' | 'log'>): Promise<void> {
  const { match } = people;
  const expansion = { maxRecords: match.max_records, ignoresTags: match.plus_tags === 'same' };
  // A new policy, or new rules, put all records into the match queue.
  await enqueueAllForMatching(db, sha256Hex(JSON.stringify({ rules: RULES, ...match })), expansion);
  await enqueueSetAside(db, clock.now());
  let processed = CHUNK;
  while (processed === CHUNK && !signal.aborted) {
    const chunk = { limit: CHUNK, now: clock.now(), ...expansion };
    const matched = await matchRecords(db, chunk, (records) => groupRecords(records, match));
    logChanges({ log }, matched);
    processed = matched.processed;
  }
}
