// Locks of jobs that end later than a lock can last. A clock that was ahead has made them, and no
// worker would find the jobs of a killed process until the time has caught up.
import type pg from 'pg';
import type { RedisClient } from './redis-connection.ts';

interface LockLimits {
  /** Epoch ms. */
  readonly now: number;
  /** The longest time that a lock lasts. */
  readonly lockMs: number;
}

/** BullMQ 6: tables `job` and `meta` of its schema, times in epoch ms of the worker's clock. */
export async function releaseLocksOnPostgres(pool: pg.Pool, queue: string, { now, lockMs }: LockLimits): Promise<void> {
  await pool.query(
    `update bullmq.job set locked_until_ms = $2
     where queue = $1 and state = 'active' and locked_until_ms > $2::bigint + $3::bigint`,
    [queue, now, lockMs],
  );
  await pool.query(
    `delete from bullmq.meta where queue = $1 and field = 'stalled-check' and value::bigint > $2::bigint + $3::bigint`,
    [queue, now, lockMs],
  );
}

/** Redis counts times to live by the clock of its server, which is often the same machine. */
export async function releaseLocksOnRedis(redis: RedisClient, keyPrefix: string, lockMs: number): Promise<void> {
  const active = await redis.lrange(`${keyPrefix}:active`, 0, -1);
  for (const key of [`${keyPrefix}:stalled-check`, ...active.map((id) => `${keyPrefix}:${id}:lock`)]) {
    if ((await redis.pttl(key)) > lockMs) await redis.pexpire(key, lockMs);
  }
}
