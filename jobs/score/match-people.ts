// Before anybody is scored: records that are new, or tied to others in another way than before, find their person.
import { createHash } from 'node:crypto';
import { groupRecords } from '../../src/people/group-records.ts';
import { enqueueAllForMatching } from '../../src/store/identity/match-queue.ts';
import { matchRecords } from '../../src/store/identity/match-records.ts';
import type { JobContext } from '../context.ts';

/** Records a transaction. Most of them are nobody else's, and cost their share of a few statements. */
const CHUNK = 2_000;

export async function matchPeople({
  db,
  people,
  clock,
  signal,
}: Pick<JobContext, 'db' | 'people' | 'clock' | 'signal'>): Promise<void> {
  const { match } = people;
  await enqueueAllForMatching(db, createHash('sha256').update(JSON.stringify(match)).digest('hex'));
  let matched = CHUNK;
  while (matched === CHUNK && !signal.aborted) {
    const chunk = { limit: CHUNK, now: clock.now(), most: match.most_records };
    matched = await matchRecords(db, chunk, (records) => groupRecords(records, match));
  }
}
