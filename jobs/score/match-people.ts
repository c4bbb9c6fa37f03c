// Before scoring: assigns new records, and records with changed links, to their person.
import { sha256Hex } from '../../src/domain/sha256-hex.ts';
import { groupRecords } from '../../src/people/group-records.ts';
import { enqueueAllForMatching } from '../../src/store/identity/match-queue.ts';
import { matchRecords } from '../../src/store/identity/match-records.ts';
import type { JobContext } from '../context.ts';

/**
 * Records per transaction. Most records have no match and cost only their share of a few
 * statements.
 */
const CHUNK = 2_000;

export async function matchPeople({
  db,
  people,
  clock,
  signal,
}: Pick<JobContext, 'db' | 'people' | 'clock' | 'signal'>): Promise<void> {
  const { match } = people;
  // A new policy puts all records into the match queue.
  await enqueueAllForMatching(db, sha256Hex(JSON.stringify(match)));
  let matched = CHUNK;
  while (matched === CHUNK && !signal.aborted) {
    const chunk = { limit: CHUNK, now: clock.now(), maxRecords: match.max_records };
    matched = await matchRecords(db, chunk, (records) => groupRecords(records, match));
  }
}
