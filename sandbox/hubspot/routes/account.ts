// Account details and daily API usage.
import { ok } from '../../http/reply.ts';
import type { Endpoint } from '../http/endpoint.ts';

/** GET /account-info/{version}/details */
export const accountDetails: Endpoint = {
  scopes: () => ['oauth'],
  handle: (call) =>
    ok({
      portalId: call.portal.id,
      accountType: 'STANDARD',
      timeZone: 'UTC',
      companyCurrency: 'USD',
      additionalCurrencies: [],
      utcOffset: '+00:00',
      utcOffsetMilliseconds: 0,
      uiDomain: 'app.hubspot.com',
      dataHostingLocation: 'na1',
    }),
};

/** GET /account-info/{version}/api-usage/daily/private-apps */
export const dailyUsage: Endpoint = {
  scopes: () => ['oauth'],
  handle: (call) => {
    const now = call.portal.clock.now();
    const usage = {
      name: 'private-apps-api-calls-daily',
      usageLimit: call.limits.dayLimit,
      currentUsage: call.limits.usedToday(now),
      collectedAt: new Date(now).toISOString(),
      fetchStatus: 'SUCCESS',
      resetsAt: new Date(call.limits.resetsAt(now)).toISOString(),
    };
    return ok({ results: [usage] });
  },
};
