// The HubSpot developer project of an installation: its app, and the events that HubSpot shall send to it. Pure: the same mapping
// and address give the same files.
//
// Keys: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration and
// https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks

import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { scopesOf } from './scopes.ts';
import { type Subscription, subscriptionsOf, type Unsubscribed } from './subscriptions.ts';
import { targetUrl } from './target-url.ts';

export interface HubSpotAppParts {
  readonly mapping: Mapping;
  /** PUBLIC_URL, without a path. */
  readonly url: string | undefined;
  /** What HubSpot calls the app. */
  readonly name: string;
  readonly supportEmail?: string | undefined;
  /** Scopes that the portal's subscription does not have. */
  readonly without: ReadonlySet<string>;
  /** A workflow of the portal tells of forms (FORM_PROPERTY). */
  readonly formsAtOnce: boolean;
}

export interface HubSpotApp {
  /** By the path inside the project. */
  readonly files: ReadonlyMap<string, string>;
  readonly targetUrl: string;
  readonly scopes: readonly string[];
  readonly subscriptions: number;
  /** Properties that are read and that HubSpot sends no event for: they are polled. */
  readonly unsubscribed: readonly Unsubscribed[];
}

/** What HubSpot calls it, unless somebody says otherwise. */
export const APP_NAME = 'Leadgrade';
const PLATFORM_VERSION = '2026.03';
// The default of HubSpot's template. Each request is answered when its events are stored, which takes milliseconds.
const CONCURRENT_REQUESTS = 10;
// https://developers.hubspot.com/changelog/announcing-new-limits-for-developer-accounts-and-applications
const MAX_SUBSCRIPTIONS = 1_000;

/** @throws ConnectorError `configuration` when HubSpot could not send to that address, or would take fewer subscriptions */
export function hubspotApp(parts: HubSpotAppParts): HubSpotApp {
  const target = targetUrl(parts.url);
  const scopes = scopesOf(parts.mapping, parts.without);
  const { wanted, left } = subscriptionsOf(parts.mapping, parts);
  const hubEvents = [{ subscriptionType: 'contact.privacyDeletion', active: true }];
  const subscriptions = wanted.length + hubEvents.length;
  if (subscriptions > MAX_SUBSCRIPTIONS) {
    throw new ConnectorError({
      kind: 'configuration',
      crm: 'hubspot',
      message: `mappings/hubspot.yaml: what it reads takes ${subscriptions} subscriptions; HubSpot lets an app have ${MAX_SUBSCRIPTIONS}.`,
      fix: 'Read fewer properties under fields, or fewer streams under activities.',
    });
  }
  const files = new Map([
    ['hsproject.json', json({ name: 'leadgrade', srcDir: 'src', platformVersion: PLATFORM_VERSION })],
    ['src/app/app-hsmeta.json', json(appConfig(parts, scopes))],
    ['src/app/webhooks/webhooks-hsmeta.json', json(webhooksConfig(target, wanted, hubEvents))],
  ]);
  return { files, targetUrl: target, scopes, subscriptions, unsubscribed: left };
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
