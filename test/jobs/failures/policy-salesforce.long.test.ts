// The policy table for the calls of Salesforce, with every failure: a share of them in one run.
import { describePolicyOf } from './describe-policy.ts';
import { BULK_CASES, openBulkScene, openSalesforceScene, SALESFORCE_CASES } from './policy-cases.ts';

describePolicyOf('Salesforce', 'salesforce', openSalesforceScene, SALESFORCE_CASES);
describePolicyOf('bulk writes of Salesforce', 'salesforce', openBulkScene, BULK_CASES);
