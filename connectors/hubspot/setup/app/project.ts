// The HubSpot developer project of an installation: its app and its webhook subscriptions. Pure:
// the same mapping and URL give the same files.
//
// Keys: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration
// and https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks

import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { scopesOf } from './scopes.ts';
import { type Subscription, subscriptionsOf, type Unsubscribed } from './subscriptions.ts';
import { targetUrl } from './target-url.ts';

export interface HubSpotAppParts {
  readonly mapping: Mapping;
  /** PUBLIC_URL, without a path. */
  readonly url: string | undefined;
  /** The name of the app in HubSpot. */
  readonly name: string;
  readonly supportEmail?: string | undefined;
  /** Scopes to leave out: the portal's subscription does not include them. */
  readonly without: ReadonlySet<string>;
  /** A workflow of the portal sets FORM_PROPERTY after each form submission. */
  readonly formsAtOnce: boolean;
}

export interface HubSpotApp {
  /** File contents by the path inside the project. */
  readonly files: ReadonlyMap<string, string>;
  readonly targetUrl: string;
  readonly scopes: readonly string[];
  readonly subscriptions: number;
  /** Properties that the mapping reads but HubSpot sends no event for; they are polled. */
  readonly unsubscribed: readonly Unsubscribed[];
}

/** The default name of the app in HubSpot. */
export const APP_NAME = 'Leadgrade';
const PLATFORM_VERSION = '2026.03';
// The default of HubSpot's template. A request is answered when its events are stored, which takes
// milliseconds.
const CONCURRENT_REQUESTS = 10;
// https://developers.hubspot.com/changelog/announcing-new-limits-for-developer-accounts-and-applications
const MAX_SUBSCRIPTIONS = 1_000;

/**
 * @throws ConnectorError `configuration` when HubSpot cannot send to the URL, or allows fewer
 *   subscriptions
 */
export function hubspotApp(parts: HubSpotAppParts): HubSpotApp {
  const target = targetUrl(parts.url);
  const scopes = scopesOf(parts.mapping, parts.without);
  const { wanted, unsubscribed } = subscriptionsOf(parts.mapping, parts);
  const hubEvents = [{ subscriptionType: 'contact.privacyDeletion', active: true }];
  const subscriptions = wanted.length + hubEvents.length;
  if (subscriptions > MAX_SUBSCRIPTIONS) {
    throw new ConnectorError({
      kind: 'configuration',
      crm: 'hubspot',
      message: `mappings/hubspot.yaml needs ${subscriptions} webhook subscriptions; HubSpot allows ${MAX_SUBSCRIPTIONS} per app.`,
      fix: 'Read fewer properties under fields, or fewer streams under activities.',
    });
  }
  const files = new Map([
    ['hsproject.json', json({ name: 'leadgrade', srcDir: 'src', platformVersion: PLATFORM_VERSION })],
    ['src/app/app-hsmeta.json', json(appConfig(parts, scopes))],
    ['src/app/webhooks/webhooks-hsmeta.json', json(webhooksConfig(target, wanted, hubEvents))],
  ]);
  return { files, targetUrl: target, scopes, subscriptions, unsubscribed };
}

function appConfig({ name, supportEmail }: HubSpotAppParts, requiredScopes: readonly string[]) {
  return {
    uid: 'leadgrade',
    type: 'app',
    config: {
      name,
      description: 'Fit grade, behavior score, status and reasons on contacts.',
      distribution: 'private',
      auth: { type: 'static', requiredScopes, optionalScopes: [], conditionallyRequiredScopes: [] },
      permittedUrls: { fetch: ['https://api.hubapi.com'], iframe: [], img: [] },
      ...(supportEmail === undefined ? {} : { support: { supportEmail } }),
    },
  };
}

function webhooksConfig(target: string, crmObjects: readonly Subscription[], hubEvents: readonly object[]) {
  return {
    uid: 'leadgrade_webhooks',
    type: 'webhooks',
    config: {
      settings: { targetUrl: target, maxConcurrentRequests: CONCURRENT_REQUESTS },
      subscriptions: { crmObjects, legacyCrmObjects: [], hubEvents },
    },
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
