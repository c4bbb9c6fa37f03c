// What is set aside, for the readiness check and the metrics: streams, kinds, IDs and codes. The
// words of the CRM are printed by `npx leadgrade errors list` only.
import type { Kysely } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import { withTimeout } from '../src/runtime/with-timeout.ts';
import { groupSetAside } from '../src/store/set-aside/list-set-aside.ts';
import { nameOf } from '../src/store/set-aside/name-of.ts';
import { listSkippedJobs } from '../src/store/set-aside/unfinished-jobs.ts';
import type { Tables } from '../src/store/tables/tables.ts';

interface DegradedCheck {
  readonly name: string;
  readonly ok: true;
  /** It does not take the service out of rotation. */
  readonly degraded: true;
  readonly detail: string;
}

/** One check for each stream and code, and for each job, that is set aside. */
export async function setAsideChecks(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly DegradedCheck[]> {
  const groups = await groupSetAside(db, crms);
  const jobs = await listSkippedJobs(db, crms);
  const checks = [
    ...groups.map(({ crm, stream, code, ...group }) => {
      return { name: `${crm} ${stream}`, detail: `set aside: ${nameOf({ stream, ...group })} (${code})` };
    }),
    ...jobs.map(({ job, crm, starts }) => {
      return {
        name: `job ${jobName({ job, crm })}`,
        detail: `set aside: the process ended ${starts} times while it ran`,
      };
    }),
  ];
  return checks.map((check) => ({ ...check, ok: true, degraded: true }));
}

function jobName({ job, crm }: { readonly job: string; readonly crm: string | null }): string {
  return crm === null ? job : `${job} ${crm}`;
}

/** `leadgrade_set_aside`, read from the database when the metrics are collected. */
export function registerSetAsideGauge(
  registry: Registry,
  { db, crms, timeoutMs }: { db: Kysely<Tables>; crms: readonly string[]; timeoutMs: number },
): void {
  new Gauge({
    name: 'leadgrade_set_aside',
    help: 'What could not be read or written and is tried again by itself, by CRM, stream and kind.',
    labelNames: ['crm', 'stream', 'kind'],
    registers: [registry],
    async collect() {
      this.reset();
      const groups = await withTimeout(timeoutMs, () => groupSetAside(db, crms)).catch(() => []);
      for (const { crm, stream, kind, count } of groups) this.inc({ crm, stream, kind }, count);
      const jobs = await withTimeout(timeoutMs, () => listSkippedJobs(db, crms)).catch(() => []);
      for (const { job, crm } of jobs) this.inc({ crm: crm ?? '', stream: job, kind: 'job' });
    },
  });
}
