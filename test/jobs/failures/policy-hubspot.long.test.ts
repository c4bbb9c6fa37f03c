// The policy table for the calls of HubSpot, with every failure.
import { describePolicyOf } from './describe-policy.ts';
import { HUBSPOT_CASES, openHubSpotScene } from './policy-cases.ts';

describePolicyOf('hubspot', openHubSpotScene, HUBSPOT_CASES);
