// A counter as a stream: it lists nothing, and is open where the portal has the property.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { COUNTERS } from '../contacts/counters.ts';
import type { HubSpotParts, StreamReader } from './stream.ts';

export function counterStream({ http }: HubSpotParts, { id, activityTypes }: ChangeStream): StreamReader {
  const { property, standsInFor } = COUNTERS[id] ?? { property: id };
  return {
    stream: { id, activityTypes, isCounter: true, ...(standsInFor === undefined ? {} : { fallbackFor: standsInFor }) },
    access: {
      probe: { path: http.paths.property('contacts', property) },
      fix: `This portal has no contact property ${property}: nothing to be done unless its subscription includes it.`,
    },
    async *read(cursor) {
      yield emptyPage(cursor ?? {}, false);
    },
  };
}
