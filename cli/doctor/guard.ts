// Findings about the guard: its hold, and the mapped fields that a CRM does not show.
import type { JobContext } from '../../jobs/context.ts';
import { GUARD_FIX } from '../../src/domain/limits/guard.ts';
import { currentHold } from '../../src/store/guard/holds.ts';
import { listUnreadableFields } from '../../src/store/guard/unreadable-fields.ts';
import type { Finding } from './finding.ts';

export async function guardFindings({ db, crms }: JobContext): Promise<readonly Finding[]> {
  const hold = await currentHold(db);
  const fields = await listUnreadableFields(db, [...crms.keys()]);
  return [
    ...(hold === null ? [] : [holdFinding(hold)]),
    ...fields.map(
      ({ crm, object, field, reason, fix, since }): Finding => ({
        part: crm,
        what: `field ${field}`,
        level: 'warning',
        detail: `unknown for all ${object} since ${since.toISOString()}: ${reason}`,
        fix,
      }),
    ),
  ];
}

function holdFinding({ since, message }: { readonly since: Date; readonly message: string }): Finding {
  return {
    part: 'leadgrade',
    what: 'guard',
    level: 'problem',
    detail: `nothing is written since ${since.toISOString()}. ${message}`,
    fix: GUARD_FIX,
  };
}
