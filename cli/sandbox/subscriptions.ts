// What the sandbox HubSpot takes the product's app to be subscribed to: what stands in the project that `init hubspot-app` writes.
import { type Subscriptions, subscriptionsIn } from '../../sandbox/hubspot/webhooks/subscriptions.ts';
import { exampleHubSpotApp } from '../init/example-hubspot-app.ts';

/** Those of the mapping as it comes, as HubSpot reads them. */
export async function shippedSubscriptions(): Promise<Subscriptions> {
  const file = (await exampleHubSpotApp()).find(([path]) => path.endsWith('/webhooks-hsmeta.json'));
  return subscriptionsIn(file?.[1] ?? '');
}
