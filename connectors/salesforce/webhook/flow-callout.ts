// The JSON body of a Flow's HTTP callout -> the records that it names. Leadgrade defines the
// format: {"orgId", "source"?, "records": [{"object", "id"}]}, or a single record next to "orgId".
import { z } from 'zod';
import type { UnparsedPart } from '../../../src/crm/webhook-receiver.ts';
import { jsonLimitViolation } from '../../../src/domain/limits/json-limits.ts';
import { jsonText } from '../../kit/json-text.ts';
import { fullId, fullOrgId, idProblem } from './full-id.ts';
import type { MessageResult, NamedRecord } from './named-records.ts';

// A flow receives batches of 200 records, and all batches of one transaction together.
const MAX_RECORDS = 5_000;

/** Each record has an object and an ID; a flow may send other fields with it. */
const LIMITS = { maxDepth: 20, maxValues: 20 * MAX_RECORDS };

const bodySchema = z.object({
  orgId: z.string().trim().nullish(),
  /** `import`: a bulk change, processed with low priority. */
  source: z.string().nullish(),
  records: z.array(z.unknown()).max(MAX_RECORDS).nullish(),
});
const recordSchema = z.object({
  object: z.string(),
  id: z.string().trim(),
});

/** Never throws. @param orgId the only allowed org; if given, the body may omit its own "orgId" */
export function parseFlowCallout(text: string, receivedAt: number, orgId: string | null): MessageResult {
  const json = parseJson(text);
  const body = bodySchema.safeParse(json);
  if (!body.success)
    return {
      kind: 'unparsed',
      reason: `The body is not JSON of the form {"orgId", "records"}, or has more than ${MAX_RECORDS} records.`,
    };
  const org = body.data.orgId ? fullOrgId(body.data.orgId) : orgId;
  if (org === null) return { kind: 'unparsed', reason: 'The body has no valid "orgId".' };
  const isImport = body.data.source === 'import';
  const named: NamedRecord[] = [];
  const unparsed: UnparsedPart[] = [];
  for (const element of body.data.records ?? [json]) {
    // Each record is stored as a complete body, so that `reparse` can read it.
    const text = jsonText({ orgId: org, ...(isImport ? { source: 'import' } : {}), records: [element] });
    const record = recordIn(element, receivedAt);
    if (typeof record === 'string') unparsed.push({ text, reason: record, account: org });
    else named.push({ ...record, key: `flow:${org}:${record.key}`, isImport, text });
  }
  return { kind: 'message', org, named, unparsed };
}

function parseJson(text: string): unknown {
  if (jsonLimitViolation(Buffer.from(text), LIMITS) !== null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function recordIn(element: unknown, receivedAt: number): Omit<NamedRecord, 'isImport' | 'text'> | string {
  const parsed = recordSchema.safeParse(element);
  if (!parsed.success) return 'The record has no "object" and "id".';
  const { object } = parsed.data;
  const id = fullId(parsed.data.id);
  if (id === null) return `The "id" of the record ${idProblem(parsed.data.id)}`;
  return {
    object,
    id,
    // Salesforce never repeats a callout, so the arrival time (ms) identifies it. LastModifiedDate
    // has whole seconds: with it, the second of two changes within one second would be lost. Two
    // callouts that arrive within one millisecond share a key, which is harmless: the record is
    // read after both.
    key: `${object}:${id}:${new Date(receivedAt).toISOString()}`,
  };
}
