// Which mapped fields the CRM does not have or show any more, by its own description: every night, and every five
// minutes while there is one. Their values are unknown to the next scoring, whatever is stored, and all leads are
// scored again.
import type { FieldCheck } from '../../src/domain/unreadable-field.ts';
import { listUnreadableFields, saveUnreadableFields } from '../../src/store/guard/unreadable-fields.ts';
import { isSkipped } from '../../src/store/set-aside/list-set-aside.ts';
import { activePause } from '../../src/store/sync/crm-pauses.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { pauseOnFailure } from '../failure-policy.ts';
import { partFailureOrThrow } from '../failures/reachable.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';

/** An operator restores a field and wants to see the effect. */
const CHECK_EVERY_MS = 5 * 60_000;

const CHECK = { stream: 'fields', kind: 'check' } as const;

/** The check of the night. A CRM that is paused is left as it was. */
export async function checkFields(context: JobContext, crm: string): Promise<void> {
  const mapped = context.crms.get(crm);
  if (!mapped || (await activePause(context.db, crm, 'read', context.clock.now()))) return;
  await pauseOnFailure(
    context,
    { crm, direction: 'read' },
    () => check(context, mapped),
    async () => {},
  );
}

/** Whether a field is there again. Without an unreadable field, no call is made. */
export async function recheckFieldsIfDue(context: JobContext, mapped: MappedCrm): Promise<void> {
  const [first] = await listUnreadableFields(context.db, [mapped.connector.id]);
  if (first === undefined) return;
  const { db, clock } = context;
  const now = clock.now();
  if (now.getTime() - first.checkedAt.getTime() < CHECK_EVERY_MS) return;
  if (!(await isSkipped(db, mapped.connector.id, CHECK, now))) await check(context, mapped);
}

/** A check that fails is set aside: the fields count as they did. So does a field whose object is not described. */
async function check(context: JobContext, { connector }: MappedCrm): Promise<void> {
  const { db, clock, signal, log } = context;
  const crm = connector.id;
  let checked: FieldCheck;
  try {
    checked = await connector.unreadableFields(signal);
  } catch (error) {
    const failure = await partFailureOrThrow(context, connector, error);
    await setAside(context, crm, [CHECK], failure);
    return;
  }
  const { lost, found } = await saveUnreadableFields(db, crm, checked, clock.now());
  for (const { object, field, reason, fix } of lost) {
    log.warn({ crm, object, field }, `${crm}: ${field} is unknown for all ${object}: ${reason}. ${fix}`);
  }
  for (const { object, field } of found)
    log.info({ crm, object, field }, `${crm}: ${field} of ${object} is there again`);
  await setAsideRecovered(context, crm, [CHECK]);
}
