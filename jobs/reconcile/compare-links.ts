// Compares stored links of records (company, activities, deals) with the CRM, and saves what differs.
import type { CrmConnector, StoredLinks } from '../../src/crm/connector.ts';
import { recordFindings } from '../../src/store/reconcile/findings.ts';
import { saveLinkFindings } from '../../src/store/sync/save-items.ts';
import type { JobContext } from '../context.ts';
import { divideBatch } from '../failures/divide-batch.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { recordStream } from './reconcile-deletions.ts';

/** The next night compares everything again. */
const NEXT_NIGHT_MS = 24 * 3_600_000;

/**
 * A record that fails is set aside, and the others are compared.
 * @param runId the run whose report counts what is found; null = none
 * @returns false if no record can be compared
 */
export async function compareLinks(
  context: JobContext,
  connector: CrmConnector,
  stored: readonly StoredLinks[],
  runId: number | null,
): Promise<boolean> {
  const { db, clock, signal } = context;
  const crm = connector.id;
  const compare = async (part: readonly StoredLinks[], limit: AbortSignal) => {
    const differences = await connector.reconcileLinks?.(part, limit);
    if (differences === undefined) return;
    const records = recordStream(connector, part[0]?.ref.object ?? '');
    const found = await saveLinkFindings(db, differences, { crm, now: clock.now(), records });
    if (runId === null) return;
    for (const [stream, findings] of found) {
      await recordFindings(db, { runId, crm, stream }, findings, clock.now());
    }
  };
  const { failed, whole } = await divideBatch(stored, { connector, work: compare, controls: [], signal });
  const object = stored[0]?.ref.object ?? '';
  if (whole !== null) {
    await setAside(context, crm, [{ stream: object, kind: 'links' }], whole, NEXT_NIGHT_MS);
    return false;
  }
  const failing = new Set(failed.map(({ item }) => item));
  const compared = stored.filter((links) => !failing.has(links)).map(({ ref }) => ref);
  await setAsideRecovered(context, crm, [
    { stream: object, kind: 'links' },
    ...compared.map(({ object: stream, id }) => ({ stream, kind: 'links' as const, id })),
  ]);
  for (const { item, failure } of failed)
    await setAside(context, crm, [{ stream: item.ref.object, kind: 'links', id: item.ref.id }], failure, NEXT_NIGHT_MS);
  return true;
}
