// The body of a Flow's HTTP callout (JSON) -> the records that it names. The form is ours:
// {"orgId", "source"?, "records": [{"object", "id", "changedAt"?}]}, or one such record beside "orgId".
import { z } from 'zod';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import type { UnreadPart } from '../../webhook.ts';
import { fullId, fullOrgId } from './full-id.ts';
import { itemFieldOf, type NamedRecord, type ReadMessage } from './named-records.ts';

// A flow sees 200 records at a time, and those of one transaction together.
const MOST_RECORDS = 5_000;

const bodySchema = z.object({
  orgId: z.string().trim().nullish(),
  /** `import`: many at a time, which may wait. */
  source: z.string().nullish(),
  records: z.array(z.unknown()).max(MOST_RECORDS).nullish(),
});
const recordSchema = z.looseObject({
  object: z.string(),
  id: z.string().trim(),
  /** An instant that cannot be read is none. */
  changedAt: z.string().nullish().catch(null),
});

/** Never throws. @param orgId of the org that alone may send; who sends needs not say it then */
export function readCallout(text: string, receivedAt: number, orgId: string | null): ReadMessage {
  const json = jsonOf(text);
  const body = bodySchema.safeParse(json);
  if (!body.success)
    return {
      kind: 'unread',
      reason: 'The body is not JSON of the form {"orgId", "records"}, or has too many records.',
    };
  const org = body.data.orgId ? fullOrgId(body.data.orgId) : orgId;
  if (org === null) return { kind: 'unread', reason: 'The body does not say of which org it is ("orgId").' };
  const named: NamedRecord[] = [];
  const unread: UnreadPart[] = [];
  for (const element of body.data.records ?? [json]) {
    const record = recordIn(element, receivedAt);
    if (typeof record === 'string') unread.push({ text: elementText(element), reason: record });
    else named.push({ ...record, key: `flow:${org}:${record.key}`, isImport: body.data.source === 'import' });
  }
  return { kind: 'message', org, named, unread };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function recordIn(element: unknown, receivedAt: number): Omit<NamedRecord, 'isImport'> | string {
  const parsed = recordSchema.safeParse(element);
  if (!parsed.success) return 'The record has no "object" and "id".';
  const { object, changedAt } = parsed.data;
  const id = fullId(parsed.data.id);
  if (id === null) return 'The "id" of the record is none of Salesforce.';
  const itemField = itemFieldOf(object);
  const item = itemField === null ? undefined : parsed.data[itemField];
  const changed = changedAt ? toInstant(changedAt) : null;
  // Without an instant, what comes in the same second is the same.
  const told = changed ?? Math.floor(receivedAt / 1000) * 1000;
  return {
    object,
    id,
    itemId: typeof item === 'string' ? fullId(item) : null,
    key: `${object}:${id}:${new Date(told).toISOString()}`,
    // Nothing has changed in the future: a clock is wrong.
    occurredAt: Math.min(changed ?? receivedAt, receivedAt),
    text: elementText(element),
  };
}

function elementText(element: unknown): string {
  try {
    return JSON.stringify(element) ?? '';
  } catch {
    // Nested deeper than the stack.
    return '';
  }
}
