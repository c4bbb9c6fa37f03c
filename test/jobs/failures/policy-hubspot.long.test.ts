// The policy table for the calls of HubSpot, with every failure: a share of them in one run.
import { describePolicyOf } from './describe-policy.ts';
import { HUBSPOT_CASES, openHubSpotScene } from './policy-cases.ts';

describePolicyOf('HubSpot', 'hubspot', openHubSpotScene, HUBSPOT_CASES);
