// The webhook subscriptions of the sandbox HubSpot: those of the project that `init hubspot-app`
// writes.
import { type Subscriptions, subscriptionsIn } from '../../sandbox/hubspot/webhooks/subscriptions.ts';
import { exampleHubSpotApp } from '../init/example-hubspot-app.ts';

/** The subscriptions of the shipped mapping, parsed as HubSpot parses them. */
export async function shippedSubscriptions(): Promise<Subscriptions> {
  const file = (await exampleHubSpotApp()).find(([path]) => path.endsWith('/webhooks-hsmeta.json'));
  return subscriptionsIn(file?.[1] ?? '');
}
