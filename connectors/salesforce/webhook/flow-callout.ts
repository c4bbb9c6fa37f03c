// The body of a Flow's HTTP callout (JSON) -> the records that it names. The form is ours:
// {"orgId", "source"?, "records": [{"object", "id"}]}, or one such record beside "orgId".
import { z } from 'zod';
import type { UnparsedPart } from '../../../src/crm/webhook-receiver.ts';
import { jsonText } from '../../kit/json-text.ts';
import { fullId, fullOrgId } from './full-id.ts';
import type { NamedRecord, ReadMessage } from './named-records.ts';

// A flow sees 200 records at a time, and those of one transaction together.
const MOST_RECORDS = 5_000;

const bodySchema = z.object({
  orgId: z.string().trim().nullish(),
  /** `import`: many at a time, which may wait. */
  source: z.string().nullish(),
  records: z.array(z.unknown()).max(MOST_RECORDS).nullish(),
});
const recordSchema = z.object({
  object: z.string(),
  id: z.string().trim(),
});

/** Never throws. @param orgId of the org that alone may send; who sends needs not say it then */
export function readCallout(text: string, receivedAt: number, orgId: string | null): ReadMessage {
  const json = jsonOf(text);
  const body = bodySchema.safeParse(json);
  if (!body.success)
    return {
      kind: 'unparsed',
      reason: 'The body is not JSON of the form {"orgId", "records"}, or has too many records.',
    };
  const org = body.data.orgId ? fullOrgId(body.data.orgId) : orgId;
  if (org === null) return { kind: 'unparsed', reason: 'The body does not say of which org it is ("orgId").' };
  const isImport = body.data.source === 'import';
  const named: NamedRecord[] = [];
  const unparsed: UnparsedPart[] = [];
  for (const element of body.data.records ?? [json]) {
    // As a body of its own, so that it can be read again.
    const text = jsonText({ orgId: org, ...(isImport ? { source: 'import' } : {}), records: [element] });
    const record = recordIn(element, receivedAt);
    if (typeof record === 'string') unparsed.push({ text, reason: record, account: org });
    else named.push({ ...record, key: `flow:${org}:${record.key}`, isImport, text });
  }
  return { kind: 'message', org, named, unparsed };
}

function jsonOf(text: string): unknown {
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
  if (id === null) return 'The "id" of the record is none of Salesforce.';
  return {
    object,
    id,
    // No callout is sent again by Salesforce, and what it could tell of the change (LastModifiedDate) has whole seconds: of two changes in
    // one second the second would be lost. Two that arrive in one millisecond are read after both.
    key: `${object}:${id}:${new Date(receivedAt).toISOString()}`,
  };
}
