// The HubSpot developer project of an installation: its app, and the events that HubSpot shall send to it. Pure: the same mapping
// and address give the same files.
//
// Keys: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/app-configuration and
// https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '../../load-crms.ts';
import type { Mapping } from '../../mapping/mapping.ts';
import { scopesOf } from './hubspot-app-scopes.ts';
import { type Subscription, subscriptionsOf, type Unsubscribed } from './hubspot-app-subscriptions.ts';

export interface HubSpotAppParts {
  readonly mapping: Mapping;
  /** PUBLIC_URL. */
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

const PLATFORM_VERSION = '2026.03';
// The default of HubSpot's template. Each request is answered when its events are stored, which takes milliseconds.
const CONCURRENT_REQUESTS = 10;
// https://developers.hubspot.com/changelog/announcing-new-limits-for-developer-accounts-and-applications
const MAX_SUBSCRIPTIONS = 1_000;
export const EXAMPLE_URL = 'https://leadgrade.example.com';

/** @throws ConfigurationError when HubSpot could not send to that address, or would take fewer subscriptions */
export function hubspotApp(parts: HubSpotAppParts): HubSpotApp {
  const targetUrl = `${publicAddress(parts.url)}/webhooks/hubspot`;
  const scopes = scopesOf(parts.mapping, parts.without);
  const { wanted, left } = subscriptionsOf(parts.mapping, parts);
  const hubEvents = [{ subscriptionType: 'contact.privacyDeletion', active: true }];
  const subscriptions = wanted.length + hubEvents.length;
  if (subscriptions > MAX_SUBSCRIPTIONS) {
    throw new ConfigurationError(
      `mappings/hubspot.yaml: what it reads takes ${subscriptions} subscriptions; HubSpot lets an app have ${MAX_SUBSCRIPTIONS}. Read fewer properties under fields, or fewer streams under activities.`,
    );
  }
  const files = new Map([
    ['hsproject.json', json({ name: 'leadgrade', srcDir: 'src', platformVersion: PLATFORM_VERSION })],
    ['src/app/app-hsmeta.json', json(appConfig(parts, scopes))],
    ['src/app/webhooks/webhooks-hsmeta.json', json(webhooksConfig(targetUrl, wanted, hubEvents))],
  ]);
  return { files, targetUrl, scopes, subscriptions, unsubscribed: left };
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

function webhooksConfig(targetUrl: string, crmObjects: readonly Subscription[], hubEvents: readonly object[]) {
  return {
    uid: 'leadgrade_webhooks',
    type: 'webhooks',
    config: {
      settings: { targetUrl, maxConcurrentRequests: CONCURRENT_REQUESTS },
      subscriptions: { crmObjects, legacyCrmObjects: [], hubEvents },
    },
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * The address without a slash at its end, letter for letter: HubSpot signs what it was told, and the signature is compared with
 * what PUBLIC_URL says.
 * @throws ConfigurationError when HubSpot cannot reach it
 */
function publicAddress(given: string | undefined): string {
  const wrong = (what: string, example = EXAMPLE_URL) => {
    return new ConfigurationError(
      `PUBLIC_URL ${what}. Set it to the address at which HubSpot reaches this service, like PUBLIC_URL=${example} (docs/install-hubspot.md says how).`,
    );
  };
  if (given === undefined) throw wrong('is not set');
  if (!URL.canParse(given)) throw wrong('is no address');
  const url = new URL(given);
  if (url.protocol !== 'https:') throw wrong(`begins with ${url.protocol}//; HubSpot sends to https:// alone`);
  if (isPrivate(url.hostname)) throw wrong(`names ${url.hostname}, which only this machine or network reaches`);
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw wrong('has a query, a fragment or a user: only a host, a port and a path are sent to');
  }
  const address = given.replace(/\/+$/, '');
  const normal = url.href.replace(/\/+$/, '');
  // Otherwise HubSpot might sign another spelling than ours.
  if (address !== normal) throw wrong('is not written as browsers write it', normal);
  return address;
}

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addAddress('::', 'ipv6');
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** By what the name says: nothing is looked up. */
function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const version = isIP(host);
  if (version !== 0) return PRIVATE.check(host, version === 6 ? 'ipv6' : 'ipv4');
  return !host.includes('.') || /\.(localhost|local|internal)$/.test(host);
}
