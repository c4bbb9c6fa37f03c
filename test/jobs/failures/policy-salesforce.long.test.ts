// The policy table for the calls of Salesforce, with every failure.
import { describePolicyOf } from './describe-policy.ts';
import { openSalesforceScene, SALESFORCE_CASES } from './policy-cases.ts';

describePolicyOf('salesforce', openSalesforceScene, SALESFORCE_CASES);
