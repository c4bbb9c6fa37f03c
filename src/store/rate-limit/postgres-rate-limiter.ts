// The shared rate limiter on Postgres: one statement for each token, so that no two processes get
// the same one.
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../../domain/clock.ts';
import type { RateLimiter } from '../../domain/limits/rate-limiter.ts';
import type { Tables } from '../tables/tables.ts';
import { type BucketStore, tokenBucketLimiter, type Wait } from './token-bucket.ts';

/**
 * Never await it inside a transaction: on the embedded database its statement would wait for that
 * transaction.
 */
export function postgresRateLimiter(db: Kysely<Tables>, clock: Clock, wait?: Wait): RateLimiter {
  return tokenBucketLimiter(postgresBuckets(db), clock, wait);
}

function postgresBuckets(db: Kysely<Tables>): BucketStore {
  return {
    async reserve(key, { burst, perSecond }, now) {
      const { rows } = await sql<{ tokens: number; refilled: number; blocked: number }>`
        with request as (select to_timestamp(${now}::double precision / 1000) as now)
        insert into leadgrade.rate_buckets as bucket (key, tokens, refilled_at)
        select ${key}, ${burst}::double precision - 1, now from request
        on conflict (key) do update set
          tokens = least(
            ${burst}::double precision,
            bucket.tokens + ${perSecond}::double precision
              * greatest(extract(epoch from excluded.refilled_at - bucket.refilled_at)::double precision, 0)
          ) - 1,
          -- It lies ahead of now while the bucket is drained, or because of another machine's clock: the
          -- clock difference that is accepted is at most a second.
          refilled_at = greatest(
            excluded.refilled_at,
            least(bucket.refilled_at, greatest(bucket.blocked_until, excluded.refilled_at + interval '1 second'))
          )
        returning tokens,
          extract(epoch from refilled_at)::double precision * 1000 as refilled,
          coalesce(extract(epoch from blocked_until)::double precision * 1000, 0) as blocked
      `.execute(db);
      const bucket = rows[0];
      if (bucket === undefined) throw new Error(`The rate bucket "${key}" was not returned.`);
      const debtMs = (Math.max(0, -bucket.tokens) / perSecond) * 1000;
      return { waitMs: Math.max(0, bucket.refilled - now) + debtMs, blockedUntil: Math.round(bucket.blocked) };
    },

    async drain(key, forMs, now) {
      await sql`
        with request as (select to_timestamp(${now + forMs}::double precision / 1000) as until)
        insert into leadgrade.rate_buckets as bucket (key, tokens, refilled_at, blocked_until)
        select ${key}, 0, until, until from request
        on conflict (key) do update set
          tokens = 0,
          refilled_at = excluded.refilled_at,
          blocked_until = excluded.blocked_until
        where bucket.blocked_until is null or bucket.blocked_until < excluded.blocked_until
      `.execute(db);
    },

    async blockedUntil(key) {
      const row = await db.selectFrom('rate_buckets').select('blocked_until').where('key', '=', key).executeTakeFirst();
      return row?.blocked_until?.getTime() ?? 0;
    },
  };
}
