// Health checks for an orchestrator: /healthz (this process responds) and /readyz (work is done). A
// worker can be dead while every ping of the database succeeds, so readiness checks for recently
// finished work.
import { Router } from 'express';
import type { Kysely } from 'kysely';
import type { Clock } from '../src/domain/clock.ts';
import { inboxBacklog } from '../src/store/inbox/inbox.ts';
import { listPauses } from '../src/store/sync/crm-pauses.ts';
import { lastHeartbeat } from '../src/store/sync/heartbeats.ts';
import { pendingWork } from '../src/store/sync/pending-work.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import { withTimeout } from './http/with-timeout.ts';
import { setAsideChecks } from './set-aside.ts';

export interface HealthParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** ID of the heartbeat row that a finished poll job writes. */
  readonly canary: string;
  readonly pollSeconds: number;
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Something does not work, and the rest does. */
  readonly degraded?: true;
}

/** Polls that may be missed before a check fails, and additional time for a start. */
const MAX_MISSED_POLLS = 3;
const GRACE_MS = 60_000;
const DATABASE_TIMEOUT_MS = 2_000;

export function healthRoutes(parts: HealthParts): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const checks = await readiness(parts);
    const ready = checks.every((check) => check.ok);
    const working = checks.some((check) => check.degraded) ? 'degraded' : 'ready';
    response.status(ready ? 200 : 503).json({ status: ready ? working : 'not ready', checks });
  });
  return router;
}

async function readiness(parts: HealthParts): Promise<readonly Check[]> {
  try {
    return await withTimeout(DATABASE_TIMEOUT_MS, () => storeChecks(parts));
  } catch {
    return [{ name: 'database', ok: false, detail: 'does not respond' }];
  }
}

async function storeChecks({ db, clock, canary, pollSeconds, crms }: HealthParts): Promise<readonly Check[]> {
  const now = clock.now();
  const maxAgeMs = MAX_MISSED_POLLS * pollSeconds * 1_000 + GRACE_MS;
  const heartbeat = await lastHeartbeat(db, canary);
  const age = heartbeat === null ? null : now.getTime() - heartbeat.getTime();
  const work = await pendingWork(db, now, crms);
  const pauses = await listPauses(db, crms);
  const setAside = await setAsideChecks(db, crms);
  // While reading from a CRM is paused, its account may be unknown, and its events must wait.
  const isUnread = (crm: string) =>
    pauses.some((pause) => pause.crm === crm && pause.direction === 'read') ||
    setAside.some(({ name }) => name === `${crm} account`);
  const readable = crms.filter((crm) => !isUnread(crm));
  const inbox = await inboxBacklog(db, readable);
  const inboxAge = inbox.oldestAt === null ? 0 : now.getTime() - inbox.oldestAt.getTime();
  return [
    { name: 'database', ok: true, detail: 'responds' },
    {
      name: 'jobs',
      ok: age !== null && age <= maxAgeMs,
      detail: age === null ? 'no job has run yet' : `a job ended ${Math.round(age / 1_000)} s ago`,
    },
    {
      name: 'inbox',
      ok: inboxAge <= maxAgeMs,
      detail: `${inbox.waiting} events wait, the oldest for ${Math.round(inboxAge / 1_000)} s`,
    },
    // Reported only: a CRM that is down must not take the service out of rotation.
    ...pauses.map((pause) => ({
      name: `${pause.crm} ${pause.direction}`,
      ok: true,
      degraded: true as const,
      detail: `paused: ${pause.message}`,
    })),
    ...setAside,
    { name: 'pending', ok: true, detail: `${work.dirty} to read, ${work.due} to score, ${work.outbox} to write` },
  ];
}
