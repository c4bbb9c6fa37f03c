// What doctor says of webhooks: whether they can arrive, when the last one did, and what of them waits or was not understood.
import type { Kysely } from 'kysely';
import { loadConnector } from '../../connectors/registry.ts';
import type { CrmConnector } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { inboxBacklog, lastEventTimes } from '../../src/store/inbox/inbox.ts';
import { countQuarantine } from '../../src/store/inbox/quarantine.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { Finding } from './finding.ts';

interface Parts {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly connectors: readonly CrmConnector[];
  /** PUBLIC_URL. */
  readonly publicUrl: string | undefined;
}

export async function webhookFindings({ db, clock, connectors, publicUrl }: Parts): Promise<readonly Finding[]> {
  const arrivals = await lastEventTimes(db);
  const ofCrms = await Promise.all(connectors.map((each) => receiving(each, publicUrl, arrivals.get(each.id))));
  const { waiting, oldestAt } = await inboxBacklog(
    db,
    connectors.map(({ id }) => id),
  );
  const age = oldestAt === null ? 0 : Math.round((clock.now().getTime() - oldestAt.getTime()) / 1_000);
  const parts = await countQuarantine(db);
  const findings: (Finding | null)[] = [
    ...ofCrms,
    waiting === 0
      ? null
      : { part: 'leadgrade', what: 'inbox', level: 'ok', detail: `${waiting} events wait, the oldest for ${age} s` },
    parts === 0
      ? null
      : {
          part: 'leadgrade',
          what: 'quarantine',
          level: 'warning',
          detail: `${parts} parts of webhooks were not understood`,
          fix: 'See them: leadgrade errors list. After an upgrade: leadgrade errors retry.',
        },
  ];
  return findings.filter((finding) => finding !== null);
}

/** @returns null: there is nothing to be said, as none are expected */
async function receiving(
  { id, webhook }: CrmConnector,
  publicUrl: string | undefined,
  last: Date | undefined,
): Promise<Finding | null> {
  const { webhookInfo: place } = await loadConnector(id);
  if (place === undefined) return null;
  const address = publicUrl === undefined ? null : `${publicUrl}${place.path}`;
  const about = { part: id, what: 'webhooks' };
  if (webhook === undefined) {
    // Who has told no address of ours polls, and knows it.
    if (address === null) return null;
    return { ...about, level: 'ok', detail: `off, changes are polled; set ${place.needs} to take them at ${address}` };
  }
  if (address === null && webhook.needsPublicUrl) {
    return {
      ...about,
      level: 'warning',
      detail: 'PUBLIC_URL is not set: none can be verified',
      fix: `Set PUBLIC_URL to the address that the CRM sends to, or remove ${place.needs}.`,
    };
  }
  const arrived =
    last === undefined ? 'none has arrived in the last three days' : `the last one arrived at ${last.toISOString()}`;
  return { ...about, level: 'ok', detail: address === null ? arrived : `taken at ${address}; ${arrived}` };
}
