// Engagements and deals: the search reads once more what was modified since an instant. Their
// deletions and links are compared by reconcileLinks.
import type { ReconcilePage, ReconcileRequest } from '../../../src/crm/connector.ts';
import { NOTHING_SET_ASIDE } from '../../kit/stream-parts.ts';
import { searchFrom } from '../objects/search-cursor.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import { EMPTY_PAGE } from './pages.ts';

export async function* changedSince(
  { read }: Pick<StreamReader, 'read'>,
  { since }: Pick<ReconcileRequest, 'since'>,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  for await (const { activities, gone, outcomes, failed } of read(searchFrom(since), signal, NOTHING_SET_ASIDE)) {
    // `dirty` is left out: the listing of all contacts compares what HubSpot calculates from deals.
    yield { ...EMPTY_PAGE, activities, gone, outcomes, ...(failed === undefined ? {} : { failed }) };
  }
}
