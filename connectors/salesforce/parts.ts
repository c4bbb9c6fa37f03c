// The parts that all folders of the connector use, created in one function. Creating them makes no
// API call.

import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import { usableCallShare } from '../../src/mapping/calls-for-others.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { type ActivityProjector, createActivityProjector } from '../../src/mapping/project-activities.ts';
import { createHttp, type SalesforceHttp } from './http/client.ts';
import type { SalesforceSettings } from './http/settings.ts';
import { createPersonMapping, type PersonMapping } from './people/person-mapping.ts';
import { createSchema, type Schema } from './query/describe.ts';

/** Unless the mapping says otherwise. */
const CALLS_FOR_OTHERS = '20%';

export interface SalesforceOptions {
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly clock: Clock;
  readonly retryOptions?: RetryOptions;
}

export interface SalesforceParts {
  readonly http: SalesforceHttp;
  /** The share of the calls of 24 hours, by all apps, at which Leadgrade stops. */
  readonly callShare: number;
  readonly schema: Schema;
  readonly clock: Clock;
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly people: PersonMapping;
  readonly toActivity: ActivityProjector;
}

export function createParts({ settings, mapping, clock, retryOptions }: SalesforceOptions): SalesforceParts {
  const callShare = usableCallShare(mapping, CALLS_FOR_OTHERS);
  const http = createHttp({ settings, callShare, clock, ...(retryOptions === undefined ? {} : { retryOptions }) });
  return {
    http,
    callShare,
    schema: createSchema({ http, clock }),
    clock,
    settings,
    mapping,
    people: createPersonMapping(mapping),
    toActivity: createActivityProjector(mapping),
  };
}
