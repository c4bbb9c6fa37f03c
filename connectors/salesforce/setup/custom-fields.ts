// Custom fields by the Tooling API: what the org has of them, whoever sees them. Needs a user that may customize the org.
// https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { all, any, compare, oneOfTexts, select, text } from '../query/soql.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import { metadataOf, missingValues, toPicklistEntry, type WantedField } from './score-fields.ts';

/** What is not told of here is kept as it is. */
const metadataSchema = z.looseObject({
  type: z.string(),
  valueSet: z
    .looseObject({
      valueSetDefinition: z
        .looseObject({
          value: z.array(z.looseObject({ valueName: z.string().nullish(), fullName: z.string().nullish() })),
        })
        .nullish(),
    })
    .nullish(),
});
type Metadata = z.infer<typeof metadataSchema>;

export interface CustomField {
  readonly id: string;
  readonly metadata: Metadata;
}

const foundAnswer = z.looseObject({
  records: z.array(z.looseObject({ Id: z.string(), DeveloperName: z.string(), TableEnumOrId: z.string() })),
});
const fieldAnswer = z.looseObject({ Metadata: metadataSchema });

// No namespace: the fields of an installed package are its maker's.
const OWN_CUSTOM = /^[A-Za-z](?:_?[A-Za-z0-9])*__c$/;

/** Whether a field of that name can be made in the org. */
export function canBeMade(name: string): boolean {
  return OWN_CUSTOM.test(name);
}

/** Those of the wanted fields that the org has, by full name in lower case. */
export async function readCustomFields(
  { http }: SalesforceParts,
  wanted: readonly WantedField[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, CustomField>> {
  const ours = wanted.filter(({ name }) => canBeMade(name));
  if (ours.length === 0) return new Map();
  const names = [...new Set(ours.map(({ name }) => name.slice(0, -'__c'.length)))];
  const objects = [...new Set(ours.map(({ object }) => object))];
  const where = all(
    any(...objects.map((object) => compare('TableEnumOrId', '=', text(object)))),
    oneOfTexts('DeveloperName', names),
  );
  const q = select({ fields: ['Id', 'DeveloperName', 'TableEnumOrId'], from: 'CustomField', where });
  const call = { what: 'reading custom fields', path: '/tooling/query', query: { q }, answer: foundAnswer };
  const { records } = await asAdmin(() => http.call(call, signal));
  const found = new Map<string, CustomField>();
  for (const { Id, DeveloperName, TableEnumOrId } of records) {
    const one = { what: 'reading a custom field', path: `/tooling/sobjects/CustomField/${Id}`, answer: fieldAnswer };
    const { Metadata: metadata } = await asAdmin(() => http.call(one, signal));
    found.set(`${TableEnumOrId}.${DeveloperName}__c`.toLowerCase(), { id: Id, metadata });
  }
  return found;
}

/** Does nothing where there is one of that name by now. */
export async function createCustomField(
  { http }: SalesforceParts,
  wanted: WantedField,
  signal: AbortSignal,
): Promise<void> {
  const body = { FullName: wanted.fullName, Metadata: metadataOf(wanted) };
  const path = '/tooling/sobjects/CustomField';
  const call = { what: `creating ${wanted.fullName}`, method: 'POST' as const, path, body, answer: z.unknown() };
  try {
    await asAdmin(() => http.call(call, signal));
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.code !== 'DUPLICATE_DEVELOPER_NAME') throw error;
  }
}

/** Names of the values of a picklist that can be chosen; null: it takes them from a list that other fields share. */
export function valuesIn({ valueSet }: Metadata): readonly string[] | null {
  const values = valueSet?.valueSetDefinition?.value;
  if (values === undefined) return null;
  return values.filter(({ isActive }) => isActive !== false).map(nameOf);
}

/** Adds the values that the field lacks; those that are there (an admin's own, an older model's) stay. */
export async function addValues(
  { http }: SalesforceParts,
  wanted: WantedField,
  { id, metadata }: CustomField,
  signal: AbortSignal,
): Promise<void> {
  const { valueSet } = metadata;
  const there = valueSet?.valueSetDefinition?.value ?? [];
  const missing = missingValues(wanted, valuesIn(metadata) ?? []);
  const known = new Set(there.map(nameOf));
  const awakened = new Set(missing.map(({ value }) => value));
  const value = [
    ...there.map((each) => (awakened.has(nameOf(each)) ? { ...each, isActive: true } : each)),
    ...missing.filter((each) => !known.has(each.value)).map(toPicklistEntry),
  ];
  const definition = { ...valueSet?.valueSetDefinition, value };
  const Metadata = { ...metadata, valueSet: { ...valueSet, valueSetDefinition: definition } };
  const call = {
    what: `adding values to ${wanted.fullName}`,
    method: 'PATCH' as const,
    path: `/tooling/sobjects/CustomField/${id}`,
    body: { FullName: wanted.fullName, Metadata },
    answer: z.unknown(),
  };
  await asAdmin(() => http.call(call, signal));
}

function nameOf({
  valueName,
  fullName,
}: {
  valueName?: string | null | undefined;
  fullName?: string | null | undefined;
}) {
  return valueName ?? fullName ?? '';
}

/** @throws ConnectorError `configuration` in place of `forbidden` */
export async function asAdmin<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'forbidden') throw error;
    throw new ConnectorError({
      kind: 'configuration',
      crm: 'salesforce',
      message: `This login may not change the org's setup: ${error.message}`,
      code: 'NO_CUSTOMIZE',
      fix: 'Have an admin deploy apps/salesforce, which brings the fields and permission sets; or run leadgrade setup once with the client id and secret of an app that runs as an admin (Customize Application), and give the integration user the permission set Leadgrade Integration.',
      cause: error,
    });
  }
}
