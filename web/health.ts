// Health, as an orchestrator asks: /healthz (this process answers) and /readyz (the work gets done). A store that answers a
// ping proves little: a worker may be dead while every ping is green, so readiness looks for work that was finished lately.
import { Router } from 'express';
import type { Kysely } from 'kysely';
import type { Clock } from '../src/domain/clock.ts';
import { inboxBacklog } from '../src/store/inbox/inbox.ts';
import { listPauses } from '../src/store/sync/crm-pauses.ts';
import { lastHeartbeat } from '../src/store/sync/heartbeats.ts';
import { pendingWork } from '../src/store/sync/pending-work.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import { withTimeout } from './http/with-timeout.ts';

export interface HealthParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** The process row that a finished tick writes. */
  readonly canary: string;
  readonly pollSeconds: number;
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Ticks that may be late before something is wrong, and what a start may take. */
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
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks });
  });
  return router;
}

async function readiness(parts: HealthParts): Promise<readonly Check[]> {
  try {
    return await withTimeout(DATABASE_TIMEOUT_MS, () => storeChecks(parts));
  } catch {
    return [{ name: 'database', ok: false, detail: 'does not answer' }];
  }
}

async function storeChecks({ db, clock, canary, pollSeconds, crms }: HealthParts): Promise<readonly Check[]> {
  const now = clock.now();
  const beat = await lastHeartbeat(db, canary);
  const age = beat === null ? null : now.getTime() - beat.getTime();
  const work = await pendingWork(db, now, crms);
  const halts = await listPauses(db, crms);
  // Until a CRM has told whose account it is, its events wait.
  const read = crms.filter((crm) => !halts.some((halt) => halt.crm === crm && halt.direction === 'read'));
  const inbox = await inboxBacklog(db, read);
  const inboxAge = inbox.oldestAt === null ? 0 : now.getTime() - inbox.oldestAt.getTime();
  return [
    { name: 'database', ok: true, detail: 'answers' },
    {
      name: 'jobs',
      ok: age !== null && age <= MAX_MISSED_POLLS * pollSeconds * 1_000 + GRACE_MS,
      detail: age === null ? 'no job has run yet' : `a job ended ${Math.round(age / 1_000)} s ago`,
    },
    {
      name: 'inbox',
      ok: inboxAge <= MAX_MISSED_POLLS * pollSeconds * 1_000 + GRACE_MS,
      detail: `${inbox.waiting} events wait, the oldest for ${Math.round(inboxAge / 1_000)} s`,
    },
    // A CRM that is down must not take the service out of rotation: it is said, and not counted.
    ...halts.map((halt) => ({ name: `${halt.crm} ${halt.direction}`, ok: true, detail: `halted: ${halt.message}` })),
    { name: 'pending', ok: true, detail: `${work.dirty} to read, ${work.due} to score, ${work.outbox} to write` },
  ];
}
