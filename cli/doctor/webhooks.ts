// Findings about webhooks: whether a CRM can send them, when the last event arrived, how many
// events wait, and how many parts were quarantined.
import type { Kysely } from 'kysely';
import { loadConnector } from '../../connectors/registry.ts';
import type { CrmConnector } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { lastEventTimes } from '../../src/store/inbox/event-keys.ts';
import { inboxBacklog } from '../../src/store/inbox/inbox.ts';
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
  const lastEvents = await lastEventTimes(db);
  const perCrm = await Promise.all(
    connectors.map((connector) => webhookFinding(connector, publicUrl, lastEvents.get(connector.id))),
  );
  const { waiting, oldestAt } = await inboxBacklog(
    db,
    connectors.map(({ id }) => id),
  );
  const age = oldestAt === null ? 0 : Math.round((clock.now().getTime() - oldestAt.getTime()) / 1_000);
  const parts = await countQuarantine(db);
  const findings: (Finding | null)[] = [
    ...perCrm,
    waiting === 0
      ? null
      : { part: 'leadgrade', what: 'inbox', level: 'ok', detail: `${waiting} events wait, the oldest for ${age} s` },
    parts === 0
      ? null
      : {
          part: 'leadgrade',
          what: 'quarantine',
          level: 'warning',
          detail: `${parts} parts of webhooks could not be parsed`,
          fix: 'See them: npx leadgrade errors list. After an upgrade, run: npx leadgrade errors retry.',
        },
  ];
  return findings.filter((finding) => finding !== null);
}

/** @returns null if no webhooks are expected from the CRM */
async function webhookFinding(
  { id, webhook }: CrmConnector,
  publicUrl: string | undefined,
  last: Date | undefined,
): Promise<Finding | null> {
  const { webhookInfo } = await loadConnector(id);
  if (webhookInfo === undefined) return null;
  const address = publicUrl === undefined ? null : `${publicUrl}${webhookInfo.path}`;
  const about = { part: id, what: 'webhooks' };
  if (webhook === undefined) {
    // Without PUBLIC_URL the operator has chosen polling.
    if (address === null) return null;
    const detail = `off, changes are polled; set ${webhookInfo.requiredSetting} to receive them at ${address}`;
    return { ...about, level: 'ok', detail };
  }
  if (address === null && webhook.needsPublicUrl) {
    return {
      ...about,
      level: 'warning',
      detail: 'PUBLIC_URL is not set; webhooks cannot be verified',
      fix: `Set PUBLIC_URL to the address that the CRM sends to, or remove ${webhookInfo.requiredSetting}.`,
    };
  }
  const lastEvent =
    last === undefined ? 'no event in the last three days' : `the last event arrived at ${last.toISOString()}`;
  return { ...about, level: 'ok', detail: address === null ? lastEvent : `received at ${address}; ${lastEvent}` };
}
