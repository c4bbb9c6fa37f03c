// The parts of `npx leadgrade explain` about the records of a person: why they belong together, which
// other records do not, and where their values differ.
import type { JobContext } from '../../jobs/context.ts';
import type { RecordLink } from '../../src/crm/connector.ts';
import { recordKey } from '../../src/domain/person.ts';
import { explainMatches, type MatchExplanation, type MatchReason } from '../../src/people/explain-matches.ts';
import { type FieldDifference, fieldDifferences } from '../../src/people/field-differences.ts';
import { modelFields } from '../../src/scoring/model-fields.ts';
import { listUnreadableFields, type StoredUnreadableField } from '../../src/store/guard/unreadable-fields.ts';
import { connectedRecords } from '../../src/store/identity/connected-records.ts';
import type { FoundRecord } from '../../src/store/leads/find-records.ts';
import type { FoundLead } from '../../src/store/leads/lead-lookup.ts';
import type { CommandIo } from '../terminal/io.ts';
import { describeRecord, nameOf } from './find-records.ts';

/** Further records that are not this person are only counted. */
const MAX_OTHERS = 10;

/** @param records the records of the lead */
export async function matchesOf(context: JobContext, records: readonly RecordLink[]): Promise<MatchExplanation> {
  const { match } = context.people;
  const expansion = { maxRecords: match.max_records, ignoresTags: match.plus_tags === 'same' };
  const all = await context.db.transaction().execute((tx) => connectedRecords(tx, records, expansion));
  const keys = new Set(records.map(recordKey));
  const own = all.filter((record) => keys.has(recordKey(record)));
  return explainMatches({ own, all, linkProperties: linkProperties(context) }, match);
}

function linkProperties({ crms }: JobContext) {
  return (from: RecordLink, to: RecordLink): readonly string[] => {
    const rules = (crms.get(from.crm)?.links ?? []).filter(({ crm }) => crm === to.crm);
    // A link to a converted Lead leads to a Contact, for which there may be no property.
    const exact = rules.filter(({ object }) => object === to.object);
    const properties = (exact.length > 0 ? exact : rules).flatMap(({ from: sources }) => sources);
    return properties.map((property) => property.replace(/^\w+\./, ''));
  };
}

/** The records of a lead with more than one, and the records that could be taken for it. */
export function recordLines(records: readonly RecordLink[], { matched, notMatched }: MatchExplanation): string[] {
  const reasons = Map.groupBy(matched, ({ record }) => recordKey(record));
  const own = records.flatMap((record) => [
    `  ${nameOf(record)} (${record.object})`,
    ...(reasons.get(recordKey(record)) ?? []).map(({ reason }) => `    ${reason}`),
  ]);
  const more = notMatched.length - MAX_OTHERS;
  const others = [...notMatched.slice(0, MAX_OTHERS).map(otherLine), ...(more > 0 ? [`  and ${more} more`] : [])];
  return [
    ...(records.length < 2 ? [] : ['', 'Records of this person:', ...own]),
    ...(others.length === 0 ? [] : ['', 'Records that are another person:', ...others]),
  ];
}

function otherLine({ record, reason }: MatchReason): string {
  return `  ${nameOf(record)} (${record.object}): not matched: ${reason}`;
}

/** The fields of the models in which the records differ. */
export function differencesOf(
  { models, people }: JobContext,
  records: FoundLead['records'],
): readonly FieldDifference[] {
  const ofModels = models.flatMap(({ compiled }) => [...modelFields(compiled).keys()]);
  const fields = [...new Set(['contact.job_title', ...ofModels])];
  return fieldDifferences(records, fields, people);
}

export function differenceLines(differences: readonly FieldDifference[]): string[] {
  const lines = differences.flatMap(({ field, values, reason }) => {
    const [first, ...others] = values.map(({ record, value }) => `${JSON.stringify(value)} (${nameOf(record)})`);
    return [`  ${field}: ${first} counts, not ${others.join(', ')}: ${reason}`];
  });
  return lines.length === 0
    ? []
    : ['', 'Values that differ between the records (mappings/people.yaml decides):', ...lines];
}

export function differenceJson({ field, values, reason }: FieldDifference): object {
  return { field, reason, values: values.map(({ record, value }) => ({ record: nameOf(record), value })) };
}

/** The fields that the CRM does not show of these records. */
export async function unreadableOf(
  { db, crms }: Pick<JobContext, 'db' | 'crms'>,
  records: readonly RecordLink[],
): Promise<readonly Pick<StoredUnreadableField, 'crm' | 'field' | 'source' | 'reason'>[]> {
  const fields = await listUnreadableFields(db, [...crms.keys()]);
  const own = fields.filter(({ crm, object }) => records.some((each) => each.crm === crm && each.object === object));
  return own.map(({ crm, field, source, reason }) => ({ crm, field, source, reason }));
}

export function unreadableLines(fields: Awaited<ReturnType<typeof unreadableOf>>): string[] {
  const lines = fields.map(({ field, reason }) => `  ${field}: unknown, ${reason}`);
  return lines.length === 0 ? [] : ['', 'Fields that the CRM does not show:', ...lines];
}

/** Several leads have the address. */
export async function printLeads(
  io: CommandIo,
  context: JobContext,
  { name, records }: { readonly name: string; readonly records: readonly FoundRecord[] },
  json: boolean,
): Promise<void> {
  const leads = [...Map.groupBy(records, ({ leadId }) => leadId).values()];
  if (json) {
    const listed = leads.map((own) => ({ records: own.map(({ crm, object, id }) => ({ crm, object, id })) }));
    io.stdout.write(`${JSON.stringify({ leads: listed })}\n`);
    return;
  }
  const [first] = leads;
  const { notMatched } = await matchesOf(context, first ?? []);
  const reasons = new Map(notMatched.map(({ record, reason }) => [recordKey(record), reason]));
  const lines = leads.flatMap((own) =>
    own.map((record, index) => {
      const reason = index === 0 ? reasons.get(recordKey(record)) : undefined;
      return `  ${index === 0 ? '' : '  and '}${describeRecord(record)}${reason === undefined ? '' : `: ${reason}`}`;
    }),
  );
  const key = records[0];
  const next = key === undefined ? [] : [`Explain one of them: npx leadgrade explain ${nameOf(key)}`];
  io.stdout.write(`${[`${leads.length} leads have ${name}:`, ...lines, ...next].join('\n')}\n`);
}
