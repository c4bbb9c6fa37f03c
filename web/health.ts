// Health checks for an orchestrator: /healthz (this process responds) and /readyz (work is done). A
// worker can be dead while every ping of the database succeeds, and a database can be read while its
// disk is full, so readiness checks for recently finished work and proves a write. Details need a
// token: the port may be open to the internet.
import { Router } from 'express';
import type { Kysely } from 'kysely';
import { secretsEqual } from '../src/crm/constant-time-equal.ts';
import type { Clock } from '../src/domain/clock.ts';
import { GUARD_KIND } from '../src/domain/limits/guard.ts';
import { redactError } from '../src/runtime/throttled-log.ts';
import { withTimeout } from '../src/runtime/with-timeout.ts';
import { inboxBacklog } from '../src/store/inbox/inbox.ts';
import { listPauses } from '../src/store/sync/crm-pauses.ts';
import { MAX_CLOCK_SKEW_MS } from '../src/store/sync/future-instants.ts';
import { HEARTBEAT_MS, lastHeartbeat, writeHeartbeat } from '../src/store/sync/heartbeats.ts';
import { pendingWork, pendingWorkText } from '../src/store/sync/pending-work.ts';
import type { Tables } from '../src/store/tables/tables.ts';
import { setAsideChecks } from './set-aside.ts';

export interface HealthParts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  /** ID of the heartbeat row that a finished canary job writes, and how often it runs. */
  readonly canary: string;
  readonly canarySeconds: number;
  readonly pollSeconds: number;
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
  /** How long the queue has not responded to this process, in ms; 0 = it responds. */
  readonly queueSilentMs: () => number;
  /** METRICS_TOKEN, which the details need; absent: none are given. */
  readonly token: string | undefined;
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Something does not work, and the rest does. */
  readonly degraded?: true;
}

/** Canary jobs that may be missed before the check fails. */
const MAX_MISSED_CANARIES = 3;
/** Polls for which an event may wait, and additional time for a start. */
const MAX_MISSED_POLLS = 3;
const GRACE_MS = 60_000;
const DATABASE_TIMEOUT_MS = 2_000;

export function healthRoutes(parts: HealthParts): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  const proveWrite = createWriteProof(parts);
  router.get('/readyz', async (request, response) => {
    const checks = await readiness(parts, proveWrite);
    const ready = checks.every((check) => check.ok);
    const working = checks.some((check) => check.degraded) ? 'degraded' : 'ready';
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? '';
    const isTrusted = parts.token !== undefined && secretsEqual(given, parts.token);
    const shown = isTrusted ? checks : checks.map(({ name, ok }) => ({ name, ok }));
    response.status(ready ? 200 : 503).json({ status: ready ? working : 'not ready', checks: shown });
  });
  return router;
}

/** ID of the row that the readiness check writes. */
const WRITE_PROOF_ID = 'readiness';

/** @returns writes a row, at most every HEARTBEAT_MS. It throws the last error until then */
function createWriteProof({ db, clock }: HealthParts): () => Promise<void> {
  let provenAt = Number.NEGATIVE_INFINITY;
  let proof: Promise<void> = Promise.resolve();
  return () => {
    if (performance.now() - provenAt >= HEARTBEAT_MS) {
      provenAt = performance.now();
      proof = writeHeartbeat(db, { id: WRITE_PROOF_ID, roles: WRITE_PROOF_ID }, clock.now());
    }
    return proof;
  };
}

async function readiness(parts: HealthParts, proveWrite: () => Promise<void>): Promise<readonly Check[]> {
  const queue = queueCheck(parts.queueSilentMs());
  try {
    return await withTimeout(DATABASE_TIMEOUT_MS, async () => {
      const stored = await storeChecks(parts);
      return [await databaseCheck(proveWrite), queue, ...stored];
    });
  } catch {
    return [{ name: 'database', ok: false, detail: 'does not respond' }, queue];
  }
}

async function databaseCheck(proveWrite: () => Promise<void>): Promise<Check> {
  try {
    await proveWrite();
    return { name: 'database', ok: true, detail: 'responds and takes writes' };
  } catch (error) {
    const { code } = redactError(error);
    const why = code === undefined ? '' : ` (${code})`;
    return {
      name: 'database',
      ok: false,
      detail: `takes no writes${why}: check its disk, and whether it is a standby`,
    };
  }
}

function queueCheck(silentMs: number): Check {
  const detail = silentMs === 0 ? 'responds' : `has not responded for ${Math.round(silentMs / 1_000)} s`;
  return { name: 'queue', ok: silentMs === 0, detail };
}

async function storeChecks({
  db,
  clock,
  canary,
  canarySeconds,
  pollSeconds,
  crms,
}: HealthParts): Promise<readonly Check[]> {
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
    jobsCheck(age, MAX_MISSED_CANARIES * canarySeconds * 1_000),
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
      detail:
        pause.error_kind === GUARD_KIND
          ? `held since ${pause.since.toISOString()} (guard)`
          : `paused until ${pause.until.toISOString()} (${pause.error_kind})`,
    })),
    ...setAside,
    { name: 'pending', ok: true, detail: pendingWorkText(work) },
  ];
}

/** @param ageMs of the last finished job; null = none. Negative: the clock was ahead when it ended */
function jobsCheck(ageMs: number | null, maxAgeMs: number): Check {
  if (ageMs === null) return { name: 'jobs', ok: false, detail: 'no job has run yet' };
  const seconds = Math.round(Math.abs(ageMs) / 1_000);
  if (ageMs < -MAX_CLOCK_SKEW_MS) {
    return { name: 'jobs', ok: false, detail: `a job ended ${seconds} s in the future; the clock was ahead` };
  }
  return { name: 'jobs', ok: ageMs <= maxAgeMs, detail: `a job ended ${seconds} s ago` };
}
