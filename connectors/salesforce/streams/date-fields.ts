// Checks that a stream's activities can be dated: without a readable date field no item of the
// stream is an activity.
import type { StreamAvailability } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { missingFields } from '../query/visibility.ts';

/**
 * Null if this user can read at least one of the date fields that the mapping names for the stream.
 */
export async function missingDateFields(
  parts: Pick<SalesforceParts, 'schema' | 'mapping'>,
  { what, object }: { what: string; object: string },
  stream: string,
  signal: AbortSignal,
): Promise<StreamAvailability['unavailable']> {
  const rules = (parts.mapping.activities ?? []).filter((rule) => rule.from === stream);
  const fields = [...new Set(rules.flatMap(({ at }) => at))];
  const visible = await parts.schema.visiblePaths(object, fields, signal);
  return visible.length > 0 ? null : missingFields(parts, { what, object, fields }, signal);
}
