// A counter as a stream: it lists nothing, and is available if the portal has the property.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import { COUNTERS } from '../contacts/counters.ts';
import type { HubSpotParts } from '../parts.ts';
import type { StreamReader } from './stream-reader.ts';

export function counterStream({ http }: HubSpotParts, { id, activityTypes }: ChangeStream): StreamReader {
  const { property, fallbackFor } = COUNTERS[id] ?? { property: id };
  return {
    stream: { id, activityTypes, isCounter: true, ...(fallbackFor === undefined ? {} : { fallbackFor }) },
    access: {
      probe: { path: http.paths.property('contacts', property) },
      probed: `reading the contact property ${property}`,
      fix: `This portal has no contact property ${property}. HubSpot provides it only in some subscriptions; no action is needed.`,
    },
    async *read(cursor) {
      yield emptyPage(cursor ?? {}, false);
    },
  };
}
