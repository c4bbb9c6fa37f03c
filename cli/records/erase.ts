// `npx leadgrade erase salesforce:00Q...`: deletes all data of a record that was deleted in its CRM,
// and prints the number of deleted rows. For CRMs that do not report privacy deletions. A reported
// one is erased when its webhook arrives, else at night.
import type { JobContext } from '../../jobs/context.ts';
import type { CrmConnector, RecordRef } from '../../src/crm/connector.ts';
import { type Erasure, listErasures } from '../../src/store/erasure/erasures.ts';
import { saveAndErase } from '../../src/store/erasure/save-and-erase.ts';
import { findRecordsById } from '../../src/store/leads/find-records.ts';
import { recordsOfSameLead } from '../../src/store/leads/lead-lookup.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { LeadKey, LeadQuery } from '../terminal/lead-key.ts';
import { openQuestions } from '../terminal/prompts.ts';
import { describeRecord, findRecords, nameOf } from './find-records.ts';

export function erase(io: CommandIo, query: LeadQuery, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context }) => {
    const key = await keyToErase(io, context, query, json);
    if (key !== null) await eraseRecord(io, context, key, json);
  });
}

/** Null: the person chose none of several records. */
async function keyToErase(
  io: CommandIo,
  context: JobContext,
  query: LeadQuery,
  json: boolean,
): Promise<LeadKey | null> {
  const { name, key, records } = await findRecords(context, query);
  const [first, ...others] = records;
  if (first === undefined) throw new ConfigurationError(`${name} is not known: no data of it is stored.`);
  if (key !== null || others.length === 0) return key ?? first;
  const lines = records.map((record, index) => `  ${index + 1}. ${describeRecord(record)}`);
  const list = `${records.length} records have ${name}:\n${lines.join('\n')}`;
  if (json) throw new ConfigurationError(`${list}\nErase one by its ID: npx leadgrade erase ${nameOf(first)}`);
  io.stderr.write(`${list}\n`);
  const questions = openQuestions(io);
  try {
    const answer = await questions.ask('Which one is to be erased? Its number, or nothing to stop');
    if (answer === null || answer === '') return null;
    const chosen = records[Number(answer) - 1];
    if (chosen === undefined)
      throw new ConfigurationError(`"${answer}" is not one of the numbers. Nothing was erased.`);
    return chosen;
  } finally {
    questions.close();
  }
}

async function eraseRecord(io: CommandIo, context: JobContext, key: LeadKey, json: boolean): Promise<void> {
  const { db, crms, clock, signal } = context;
  const name = nameOf(key);
  const connector = crms.get(key.crm)?.connector;
  if (connector === undefined) throw new ConfigurationError(`CRM "${key.crm}" is not set up.`);
  const refs = (await findRecordsById(db, key)).map(({ object, id }) => ({ object, id }));
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
