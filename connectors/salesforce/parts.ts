// The parts that all folders of the connector use, created in one function. Creating them makes no
// API call.

import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { type ActivityProjector, createActivityProjector } from '../../src/mapping/project-activities.ts';
import { createHttp, type SalesforceHttp } from './http/client.ts';
import type { SalesforceSettings } from './http/settings.ts';
import { createPersonMapping, type PersonMapping } from './people/person-mapping.ts';
import { createSchema, type Schema } from './query/describe.ts';

export interface SalesforceOptions {
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly clock: Clock;
  readonly retryOptions?: RetryOptions;
}

export interface SalesforceParts {
  readonly http: SalesforceHttp;
  readonly schema: Schema;
  readonly clock: Clock;
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly people: PersonMapping;
  readonly toActivity: ActivityProjector;
}

export function createParts({ settings, mapping, clock, retryOptions }: SalesforceOptions): SalesforceParts {
  const http = createHttp({ settings, clock, ...(retryOptions === undefined ? {} : { retryOptions }) });
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
