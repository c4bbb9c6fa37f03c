// Reads and creates custom fields through the Tooling API, which returns them whether or not a user
// can see them. Requires a user who may customize the org.
// https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { inPlacesOf } from '../../kit/arrange.ts';
import type { SalesforceParts } from '../parts.ts';
import { all, any, compare, oneOfTexts, select, text } from '../query/soql.ts';
import { metadataOf, type RequiredField, toPicklistEntry } from './score-fields.ts';

/** Loose: properties that are not listed here are sent back unchanged. */
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

const foundFieldsSchema = z.looseObject({
  records: z.array(z.looseObject({ Id: z.string(), DeveloperName: z.string(), TableEnumOrId: z.string() })),
});
const customFieldSchema = z.looseObject({ Metadata: metadataSchema });

// No namespace: the fields of an installed package belong to its publisher.
const CUSTOM_FIELD_NAME = /^[A-Za-z](?:_?[A-Za-z0-9])*__c$/;

/** Whether a field with that name can be created in the org. */
export function isCustomFieldName(name: string): boolean {
  return CUSTOM_FIELD_NAME.test(name);
}

/** The required fields that exist in the org, by full name in lower case. */
export async function readCustomFields(
  { http }: SalesforceParts,
  required: readonly RequiredField[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, CustomField>> {
  const customFields = required.filter(({ name }) => isCustomFieldName(name));
  if (customFields.length === 0) return new Map();
  const names = [...new Set(customFields.map(({ name }) => name.slice(0, -'__c'.length)))];
  const objects = [...new Set(customFields.map(({ object }) => object))];
  const where = all(
    any(...objects.map((object) => compare('TableEnumOrId', '=', text(object)))),
    oneOfTexts('DeveloperName', names),
  );
  const q = select({ fields: ['Id', 'DeveloperName', 'TableEnumOrId'], from: 'CustomField', where });
  const call = {
    what: 'reading custom fields',
    path: '/tooling/query',
    query: { q },
    responseSchema: foundFieldsSchema,
  };
  const { records } = await withAdminHint(() => http.call(call, signal));
  const found = new Map<string, CustomField>();
  for (const { Id, DeveloperName, TableEnumOrId } of records) {
    const path = `/tooling/sobjects/CustomField/${Id}`;
    const metadataCall = { what: 'reading a custom field', path, responseSchema: customFieldSchema };
    const { Metadata: metadata } = await withAdminHint(() => http.call(metadataCall, signal));
    found.set(`${TableEnumOrId}.${DeveloperName}__c`.toLowerCase(), { id: Id, metadata });
  }
  return found;
}

/** Succeeds if a field with that name exists by now. */
export async function createCustomField(
  { http }: SalesforceParts,
  required: RequiredField,
  signal: AbortSignal,
): Promise<void> {
  const what = `creating ${required.fullName}`;
  const body = { FullName: required.fullName, Metadata: metadataOf(required) };
  const path = '/tooling/sobjects/CustomField';
  const call = { what, method: 'POST' as const, path, body, responseSchema: z.looseObject({ id: z.string() }) };
  try {
    await withAdminHint(() => http.call(call, signal));
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.code !== 'DUPLICATE_DEVELOPER_NAME') throw error;
  }
}

/**
 * The active values of a picklist; null if it takes its values from a global picklist that other
 * fields share.
 */
export function ownPicklistValues({ valueSet }: Metadata): readonly string[] | null {
  const values = valueSet?.valueSetDefinition?.value;
  if (values === undefined) return null;
  return values.filter(({ isActive }) => isActive !== false).map(nameOf);
}

/**
 * Adds or reactivates the values of the model, with its labels and in its order. Other values (an
 * admin's own, those of an older model) stay where they are.
 */
export async function arrangeValues(
  { http }: SalesforceParts,
  required: RequiredField,
  { id, metadata }: CustomField,
  signal: AbortSignal,
): Promise<void> {
  const { valueSet } = metadata;
  const present = valueSet?.valueSetDefinition?.value ?? [];
  const byName = new Map(present.map((entry) => [nameOf(entry), entry]));
  const own = required.values.map((entry) => {
    const found = byName.get(entry.value);
    return found === undefined ? toPicklistEntry(entry) : { ...found, label: entry.label, isActive: true };
  });
  const names = new Set(required.values.map(({ value: name }) => name));
  const value = inPlacesOf(present, (entry) => names.has(nameOf(entry)), own);
  const definition = { ...valueSet?.valueSetDefinition, value };
  const Metadata = { ...metadata, valueSet: { ...valueSet, valueSetDefinition: definition } };
  const call = {
    what: `changing the values of ${required.fullName}`,
    method: 'PATCH' as const,
    path: `/tooling/sobjects/CustomField/${id}`,
    body: { FullName: required.fullName, Metadata },
    responseSchema: z.unknown(),
  };
  await withAdminHint(() => http.call(call, signal));
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

/** Replaces a `forbidden` error with a `configuration` error that tells an admin what to do. */
export async function withAdminHint<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConnectorError) || error.kind !== 'forbidden') throw error;
    throw new ConnectorError({
      kind: 'configuration',
      crm: 'salesforce',
      message: `This login may not change the setup of the org: ${error.message}`,
      code: 'NO_CUSTOMIZE',
      fix: 'Ask an admin to deploy apps/salesforce, which contains the fields and permission sets. Or run npx leadgrade setup once with the client ID and secret of an app that runs as an admin (Customize Application), and assign the permission set Leadgrade Integration to the integration user.',
      cause: error,
    });
  }
}
