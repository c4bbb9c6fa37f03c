// What doctor says of webhooks: whether they can arrive, when the last one did, and what of them waits or was not understood.
import type { Config } from '../../config.ts';
import type { Product } from '../../main.ts';
import { inboxBacklog, lastArrivals } from '../../store/inbox.ts';
import { countQuarantine } from '../../store/quarantine.ts';
import type { Finding } from './finding.ts';

export async function webhookFindings({ context }: Product, config: Config): Promise<readonly Finding[]> {
  const { db, clock } = context;
  const arrivals = await lastArrivals(db);
  const receivers = [...context.crms.values()].filter(({ connector }) => connector.webhook !== undefined);
  const ofCrms = receivers.map(({ connector: { id, webhook } }): Finding => {
    if (config.publicUrl === undefined && webhook?.signsAddress) {
      const fix = 'Set PUBLIC_URL to the address that the CRM sends to, or remove what tells its webhooks from others.';
      return {
        part: id,
        what: 'webhooks',
        level: 'warning',
        detail: 'PUBLIC_URL is not set: none can be verified',
        fix,
      };
    }
    const last = arrivals.get(id);
    const detail =
      last === undefined ? 'none has arrived in the last three days' : `the last one arrived at ${last.toISOString()}`;
    return {
      part: id,
      what: 'webhooks',
      level: 'ok',
      detail: `taken at ${config.publicUrl ?? ''}/webhooks/${id}; ${detail}`,
    };
  });
  const { waiting, oldestAt } = await inboxBacklog(db, [...context.crms.keys()]);
  const age = oldestAt === null ? 0 : Math.round((clock.now().getTime() - oldestAt.getTime()) / 1_000);
  const parts = await countQuarantine(db);
  return [
    ...ofCrms,
    ...(waiting === 0
      ? []
      : [
          {
            part: 'leadgrade',
            what: 'inbox',
            level: 'ok' as const,
            detail: `${waiting} events wait, the oldest for ${age} s`,
          },
        ]),
    ...(parts === 0
      ? []
      : [
          {
            part: 'leadgrade',
            what: 'quarantine',
            level: 'warning' as const,
            detail: `${parts} parts of webhooks were not understood`,
            fix: 'See them: leadgrade errors list. After an upgrade: leadgrade errors retry.',
          },
        ]),
  ];
}
