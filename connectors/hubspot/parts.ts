// The parts that all folders of the connector use, created in one function. Creating them makes no
// API call.

import type { RetryOptions } from '../../src/crm/connector.ts';
import type { Clock } from '../../src/domain/clock.ts';
import type { RateLimiter } from '../../src/domain/limits/rate-limiter.ts';
import { usableCallShare } from '../../src/mapping/calls-for-others.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { type ActivityProjector, createActivityProjector } from '../../src/mapping/project-activities.ts';
import { type ContactMapping, createContactMapping } from './contacts/contact-mapping.ts';
import { createHttp, type HubSpotHttp } from './http/client.ts';
import type { HubSpotSettings } from './http/settings.ts';

/** Unless the mapping says otherwise. */
const CALLS_FOR_OTHERS = '10%';

export interface HubSpotOptions {
  readonly settings: HubSpotSettings;
  readonly mapping: Mapping;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly retryOptions?: RetryOptions;
}

export interface HubSpotParts {
  readonly http: HubSpotHttp;
  readonly clock: Clock;
  readonly mapping: Mapping;
  readonly contacts: ContactMapping;
  readonly toActivity: ActivityProjector;
  /** The interval at which form submissions are polled. */
  readonly formsEverySeconds: number;
}

export function createParts({ settings, mapping, limiter, clock, retryOptions }: HubSpotOptions): HubSpotParts {
  return {
    http: createHttp({
      settings,
      callShare: usableCallShare(mapping, CALLS_FOR_OTHERS),
      limiter,
      clock,
      ...(retryOptions === undefined ? {} : { retryOptions }),
    }),
    clock,
    mapping,
    contacts: createContactMapping(mapping),
    toActivity: createActivityProjector(mapping),
    formsEverySeconds: settings.HUBSPOT_FORMS_SECONDS,
  };
}
