// One sObject Collections call: updates our fields on up to 200 records of one object, with one
// result per record.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm
import { z } from 'zod';
import type { RecordRef, ScorePatch } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { SalesforceParts } from '../parts.ts';
import { toFields } from './own-fields.ts';
import type { RefusedRow } from './refused-rows.ts';
import { type RowError, toConfigurationError, toRecordError } from './row-errors.ts';

// A duplicate rule that only alerts is meant for people. A score never makes two records
// duplicates, so the alert is overridden.
// https://developer.salesforce.com/docs/platform/api-rest/guide/headers-duplicaterules.html
const ALLOW_DUPLICATES = { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' };

const rowErrorSchema = z
  .looseObject({
    // The documentation says errorCode; an org responds with statusCode.
    statusCode: z.string().optional(),
    errorCode: z.string().optional(),
    message: z.string().default(''),
    fields: z.array(z.string()).nullish(),
  })
  .transform(({ statusCode, errorCode, message, fields }): RowError => {
    return { code: statusCode ?? errorCode ?? '', message, fields: fields ?? [] };
  });

const collectionSchema = z.array(
  z.looseObject({ id: z.string().nullish(), success: z.boolean(), errors: z.array(rowErrorSchema).default([]) }),
);

interface CollectionResult {
  readonly written: readonly RecordRef[];
  readonly refused: readonly RefusedRow[];
}

/** The records of Salesforce that hold the scores of a batch. */
export interface CollectionForm {
  /** The object whose records are updated: Account for person accounts. */
  readonly object: string;
  /** The ID of the record that holds the scores of a patch. */
  idOf(patch: ScorePatch): string;
  /** The name of an own field on this object. */
  nameOf(property: string): string;
}

/** The form of Leads, and of Contacts that are no person accounts. */
export function ownRecords(object: string): CollectionForm {
  return { object, idOf: ({ ref }) => ref.id, nameOf: (property) => property };
}

/**
 * @throws ConnectorError `configuration` if Salesforce refuses the whole call because of our fields
 */
export async function writeCollection(
  { http, mapping, schema }: SalesforceParts,
  form: CollectionForm,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<CollectionResult> {
  try {
    const results = await http.call(
      {
        what: `writing scores of ${form.object} records`,
        method: 'PATCH',
        path: '/composite/sobjects',
        headers: ALLOW_DUPLICATES,
        body: { allOrNone: false, records: toRecords(mapping, form, patches) },
        responseSchema: collectionSchema,
      },
      signal,
    );
    return matchResults(form, patches, results);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    const { code = '' } = error;
    const message = error.reason ?? error.message;
    if (code === OF_A_VALUE) throw toRecordError({ code, message, fields: [] }, 'invalid');
    if (!WHOLE_CALL_REFUSED.has(code)) throw error;
    // The cached description is outdated.
    schema.invalidate();
    throw toConfigurationError({ code, message, fields: [] });
  }
}

/** A value of a wrong type refuses the whole call; one record may have it. */
const OF_A_VALUE = 'JSON_PARSER_ERROR';

/** Salesforce refuses the whole call if the object is missing or hidden. */
const WHOLE_CALL_REFUSED: ReadonlySet<string> = new Set([
  'INVALID_FIELD',
  'INVALID_TYPE',
  'INVALID_TYPE_FOR_OPERATION',
]);

function toRecords(mapping: Mapping, form: CollectionForm, patches: readonly ScorePatch[]) {
  const fields = writtenFields(mapping);
  return patches.map((patch) => ({
    attributes: { type: form.object },
    id: form.idOf(patch),
    ...Object.fromEntries(toFields(fields, patch.values).map(([name, value]) => [form.nameOf(name), value])),
  }));
}

/** A failed result has no ID: only its position says which record it belongs to. */
function matchResults(
  form: CollectionForm,
  patches: readonly ScorePatch[],
  results: z.infer<typeof collectionSchema>,
): CollectionResult {
  const written: RecordRef[] = [];
  const refused: RefusedRow[] = [];
  for (const [index, patch] of patches.entries()) {
    const { ref } = patch;
    const result = results[index];
    if (result === undefined || results.length !== patches.length || !isFor(form.idOf(patch), result.id)) {
      throw mismatchError();
    }
    if (result.success) written.push(ref);
    else refused.push({ ref, errors: result.errors });
  }
  return { written, refused };
}

function isFor(sent: string, id: string | null | undefined): boolean {
  return id === null || id === undefined || id.slice(0, 15) === sent.slice(0, 15);
}

function mismatchError(): ConnectorError {
  const message = "The results in Salesforce's response do not match the written records";
  return new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNEXPECTED_RESPONSE' });
}
