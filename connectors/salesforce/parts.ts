// The parts that the connector is made from, put together. No call is made before the first of them is used.

import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { createActivityProjector } from '../../src/mapping/project-activities.ts';
import { createHttp } from './http/client.ts';
import type { SalesforceSettings } from './http/settings.ts';
import { createPersonMapping } from './people/person-mapping.ts';
import { createSchema } from './query/describe.ts';
import type { SalesforceParts } from './streams/stream.ts';

export interface SalesforceOptions {
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly clock: Clock;
  readonly patience?: RetryOptions;
}

export function createParts({ settings, mapping, clock, patience }: SalesforceOptions): SalesforceParts {
  const http = createHttp({ settings, clock, ...(patience === undefined ? {} : { patience }) });
  return {
    http,
    schema: createSchema({ http, clock }),
    clock,
    settings,
    mapping,
    people: createPersonMapping(mapping),
    toActivity: createActivityProjector(mapping),
  };
}
