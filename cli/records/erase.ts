// `leadgrade erase salesforce:00Q...`: deletes what is known of a record that its CRM has no more, and tells how much of what. For
// records of which the CRM does not say whether they were erased; those of which it does are erased every night.
import { Command } from 'commander';
import type { CrmConnector, RecordRef } from '../../src/crm/connector.ts';
import { type Erasure, listErasures } from '../../src/store/erasure/erase-records.ts';
import { findRecordsById, recordsOfSameLead } from '../../src/store/leads/lead-lookup.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import { ConfigurationError } from '../product/load-crms.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { type LeadKey, leadKeyArgument } from '../terminal/lead-key.ts';
import { jsonOption } from '../terminal/options.ts';

export function eraseCommand(io: CommandIo): Command {
  return new Command('erase')
    .description('delete what is known of a record that is no longer in its CRM, and report it')
    .addArgument(leadKeyArgument())
    .addOption(jsonOption())
    .action((key: LeadKey, { json }: { json: boolean }) =>
      withProduct(io, { quiet: true }, (product) => run(io, product, key, json)),
    );
}

async function run(io: CommandIo, { context }: Product, key: LeadKey, json: boolean): Promise<void> {
  const { db, crms, clock, signal } = context;
  const name = `${key.crm}:${key.id}`;
  const connector = crms.get(key.crm)?.connector;
  if (!connector)
    throw new ConfigurationError(`There is no CRM "${key.crm}" set up; there is ${[...crms.keys()].join(', ')}.`);
  const refs = await findRecordsById(db, key);
  if (refs.length === 0) {
    throw new ConfigurationError(
      `${name} is not known: there is nothing of it here. Check the id (18 characters in Salesforce).`,
    );
  }
  await refuseWhatIsThere(connector, refs, name, signal);
  const others = await recordsOfSameLead(db, key);
  const now = clock.now();
  const gone = refs.map((ref) => ({ kind: 'gone' as const, ref, erased: true }));
  await saveFetchedRecords(db, gone, { crm: key.crm, now, askedAt: now, erases: true });
  // Who shared it is scored without it.
  await context.enqueue('score-leads', {});
  const erasures = await listErasures(db, key);
  if (json) {
    io.stdout.write(`${JSON.stringify({ id: name, erasures, others: others.map(({ crm, id }) => `${crm}:${id}`) })}\n`);
    return;
  }
  io.stdout.write(`${[...erasures.map((each) => erasureLine(key, each)), ...otherLines(others)].join('\n')}\n`);
}

/** What is still there would be read again at the next poll. */
async function refuseWhatIsThere(
  connector: CrmConnector,
  refs: readonly RecordRef[],
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const fetched = await connector.fetchLeads(refs, signal);
  const isNamed = (ref: RecordRef) => refs.some(({ object, id }) => object === ref.object && id === ref.id);
  for (const { kind, ref, ...rest } of fetched) {
    if (!isNamed(ref) || kind === 'gone') continue;
    if ('into' in rest) {
      const survivor = `${connector.id}:${rest.into.id}`;
      throw new ConfigurationError(
        `${name} was merged into ${survivor}. Delete that record in ${connector.name}, then erase it.`,
      );
    }
    throw new ConfigurationError(
      `${name} is still in ${connector.name}, and would be read again. Delete it there, then erase it here.`,
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
