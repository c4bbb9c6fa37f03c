// `--crm salesforce`: a command for one of the CRMs that are set up.
import { Option } from 'commander';
import type { JobContext } from '../../jobs/context.ts';
import type { CrmConnector } from '../../src/crm/connector.ts';
import { ConfigurationError } from './load-crms.ts';

export function crmOption(): Option {
  return new Option('--crm <crm>', 'only this CRM (default: all that are set up)');
}

/**
 * @param crm what `--crm` says; undefined: all
 * @throws ConfigurationError when it is not set up
 */
export function chosenCrms({ crms }: JobContext, crm: string | undefined): readonly CrmConnector[] {
  const all = [...crms.values()].map(({ connector }) => connector);
  const chosen = all.filter(({ id }) => crm === undefined || id === crm);
  if (chosen.length > 0) return chosen;
  const names = all.map(({ id }) => id).join(', ');
  throw new ConfigurationError(`--crm "${crm}" is not set up: there is ${names}. Set it up: leadgrade init --crm.`);
}
