// Whether this user sees none of the fields that date what a stream shows: without a date nothing of it is an activity.
import type { StreamAvailability } from '../../../src/crm/connector.ts';
import { missingFields } from '../query/visibility.ts';
import type { SalesforceParts } from './stream.ts';

export async function hasNoReadableDate(
  parts: Pick<SalesforceParts, 'schema' | 'mapping'>,
  { what, object }: { what: string; object: string },
  stream: string,
  signal: AbortSignal,
): Promise<StreamAvailability['unavailable']> {
  const rules = (parts.mapping.activities ?? []).filter((rule) => rule.from === stream);
  const fields = [...new Set(rules.flatMap(({ at }) => at))];
  const seen = await parts.schema.visible(object, fields, signal);
  return seen.length > 0 ? null : missingFields(parts, { what, object, fields }, signal);
}
