// `leadgrade erase salesforce:00Q...`: deletes all data of a record that was deleted in its CRM,
// and prints the number of deleted rows. For CRMs that do not report privacy deletions. A reported
// one is erased when its webhook arrives, else at night.
import type { CrmConnector, RecordRef } from '../../src/crm/connector.ts';
import { type Erasure, listErasures } from '../../src/store/erasure/erasures.ts';
import { saveAndErase } from '../../src/store/erasure/save-and-erase.ts';
import { findRecordsById, recordsOfSameLead } from '../../src/store/leads/lead-lookup.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { LeadKey } from '../terminal/lead-key.ts';

export function erase(io: CommandIo, key: LeadKey, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, (product) => run(io, product, key, json));
}

async function run(io: CommandIo, { context }: Product, key: LeadKey, json: boolean): Promise<void> {
  const { db, crms, clock, signal } = context;
  const name = `${key.crm}:${key.id}`;
  const connector = crms.get(key.crm)?.connector;
  if (!connector) {
    throw new ConfigurationError(`CRM "${key.crm}" is not set up. Set up: ${[...crms.keys()].join(', ')}.`);
  }
  const refs = await findRecordsById(db, key);
  if (refs.length === 0) {
    throw new ConfigurationError(
      `${name} is not known: no data of it is stored. Check the ID (18 characters in Salesforce).`,
    );
  }
  await assertDeletedInCrm(connector, refs, name, signal);
  const others = await recordsOfSameLead(db, key);
  const now = clock.now();
  const gone = refs.map((ref) => ({ kind: 'gone' as const, ref, erased: true }));
  await saveAndErase(db, gone, { crm: key.crm, now, askedAt: now });
  // The lead of the record has lost data and must be scored again.
  await context.enqueue('score-leads', {});
  const erasures = await listErasures(db, key);
  if (json) {
    io.stdout.write(`${JSON.stringify({ id: name, erasures, others: others.map(({ crm, id }) => `${crm}:${id}`) })}\n`);
    return;
  }
  io.stdout.write(`${[...erasures.map((erasure) => erasureLine(key, erasure)), ...otherLines(others)].join('\n')}\n`);
}

/** The next poll would read a record again that still exists. */
async function assertDeletedInCrm(
  connector: CrmConnector,
  refs: readonly RecordRef[],
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const fetched = await connector.fetchLeads(refs, signal);
  const isRequested = (ref: RecordRef) => refs.some(({ object, id }) => object === ref.object && id === ref.id);
  for (const { kind, ref, ...rest } of fetched) {
    if (!isRequested(ref) || kind === 'gone') continue;
    if ('into' in rest) {
      const survivor = `${connector.id}:${rest.into.id}`;
      throw new ConfigurationError(
        `${name} was merged into ${survivor}. Delete that record in ${connector.name}, then erase it.`,
      );
    }
    throw new ConfigurationError(
      `${name} is still in ${connector.name} and would be read again. Delete it there, then erase it here.`,
    );
  }
}

export function erasureLine({ crm, id }: LeadKey, { erasedAt, erased }: Erasure): string {
  const counts = Object.entries(erased).map(([what, count]) => `${what} ${count}`);
  return `${crm}:${id} was erased here at ${erasedAt.toISOString()}: ${counts.join(', ')}`;
}

function otherLines(others: readonly LeadKey[]): string[] {
  if (others.length === 0) return [];
  const names = others.map(({ crm, id }) => `${crm}:${id}`).join(', ');
  return [`The same person is known as ${names}, which was not erased.`];
}
