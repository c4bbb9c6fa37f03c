// The policy table for the calls of Salesforce, with every failure.
import { describePolicyOf } from './describe-policy.ts';
import { BULK_CASES, openBulkScene, openSalesforceScene, SALESFORCE_CASES } from './policy-cases.ts';

describePolicyOf('salesforce', openSalesforceScene, SALESFORCE_CASES);
describePolicyOf('salesforce', openBulkScene, BULK_CASES);
