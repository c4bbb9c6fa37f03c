// Claims records with changed counters, whose events are to be dated.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Counters, DatedCounter, RecordRef } from '../../domain/crm-changes.ts';
import type { Claim } from '../claim.ts';
import { canBeDated } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

/** How far the events of a counter are dated. */
export interface StoredCounter extends DatedCounter {
  /** The counter's value in the CRM at that time. */
  readonly crmValue: number;
  /** All events are to be returned again. */
  readonly redate: boolean;
}

export interface ClaimedCounters extends RecordRef {
  readonly counters_changed_at: Date;
  /** The values at the last read. */
  readonly counters: Counters;
  readonly dated: Readonly<Record<string, StoredCounter>>;
}

/**
 * Claims records with changed counters, oldest first. There is no second sort key: a backfill marks
 * all records with one instant, and each claim would sort all of them. A lease ends at its time, or
 * when the same worker claims again.
 */
export async function claimChangedCounters(db: Kysely<Tables>, claim: Claim): Promise<readonly ClaimedCounters[]> {
  const { rows } = await sql<ClaimedCounters>`
    with t as materialized (
      select object, id from leadgrade.records r
      where crm = ${claim.crm} and counters_changed_at is not null and state = 'live'
        and (claimed_until is null or claimed_until <= ${claim.now} or claimed_by = ${claim.by})
        and ${canBeDated(claim.now)}
      order by counters_changed_at limit ${claim.limit} for update skip locked
    ),
    claimed as (
      update leadgrade.records r set claimed_by = ${claim.by}, claimed_until = ${claim.until}
      from t where r.crm = ${claim.crm} and r.object = t.object and r.id = t.id
      returning r.object, r.id, r.counters_changed_at, r.counters
    )
    select c.*, ${positionsOf(claim.crm, sql`c`)} as dated from claimed c`.execute(db);
  return rows;
}

/** The stored positions of a record (`object`, `id`) as a JSON object by counter. */
export function positionsOf(crm: string, record: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`coalesce((
    select jsonb_object_agg(k.counter, jsonb_build_object('value', k.value, 'lastNumber', k.last_number, 'crmValue', k.crm_value, 'redate', k.redate,
      'datedAt', extract(epoch from k.dated_at) * 1000))
    from leadgrade.counter_positions k where k.crm = ${crm} and k.object = ${record}.object and k.record_id = ${record}.id
  ), '{}')`;
}
