// Heartbeats of the service's processes. A command delegates its work if a worker is alive, and
// does it itself otherwise.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import { MAX_CLOCK_SKEW_MS } from './future-instants.ts';

export const HEARTBEAT_MS = 5_000;
const DEAD_AFTER_MS = 3 * HEARTBEAT_MS;
const DELETED_AFTER_MS = 20 * DEAD_AFTER_MS;

/** @param process.roles e.g. `web,worker,scheduler` */
export async function writeHeartbeat(
  db: Kysely<Tables>,
  process: { id: string; roles: string },
  now: Date,
): Promise<void> {
  await sql`
    insert into leadgrade.worker_heartbeats (id, roles, started_at, heartbeat_at)
    values (${process.id}, ${process.roles}, ${now}, ${now})
    on conflict (id) do update set heartbeat_at = ${now}`.execute(db);
  await db
    .deleteFrom('worker_heartbeats')
    .where('heartbeat_at', '<', new Date(now.getTime() - DELETED_AFTER_MS))
    .execute();
}

export async function removeHeartbeat(db: Kysely<Tables>, id: string): Promise<void> {
  await db.deleteFrom('worker_heartbeats').where('id', '=', id).execute();
}

export async function isWorkerAlive(db: Kysely<Tables>, now: Date): Promise<boolean> {
  return (await countWorkers(db, now)) > 0;
}

/**
 * The number of processes with the worker role that are alive. A heartbeat in the future proves
 * nothing: its clock was ahead.
 */
export async function countWorkers(db: Kysely<Tables>, now: Date): Promise<number> {
  const rows = await db
    .selectFrom('worker_heartbeats')
    .select('roles')
    .where('heartbeat_at', '>', new Date(now.getTime() - DEAD_AFTER_MS))
    .where('heartbeat_at', '<', new Date(now.getTime() + MAX_CLOCK_SKEW_MS))
    .execute();
  return rows.filter((row) => row.roles.split(',').includes('worker')).length;
}

export async function lastHeartbeat(db: Kysely<Tables>, id: string): Promise<Date | null> {
  const row = await db.selectFrom('worker_heartbeats').select('heartbeat_at').where('id', '=', id).executeTakeFirst();
  return row?.heartbeat_at ?? null;
}
