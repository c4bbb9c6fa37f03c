// The CRMs that a command with the option `--crm` works on.
import type { JobContext } from '../../jobs/context.ts';
import type { CrmConnector } from '../../src/crm/connector.ts';
import { ConfigurationError } from './configuration-error.ts';

/**
 * @param crm the value of `--crm`; undefined: all CRMs that are set up
 * @throws ConfigurationError when the CRM is not set up
 */
export function chosenCrms({ crms }: JobContext, crm: string | undefined): readonly CrmConnector[] {
  const all = [...crms.values()].map(({ connector }) => connector);
  const chosen = all.filter(({ id }) => crm === undefined || id === crm);
  if (chosen.length > 0) return chosen;
  const names = all.map(({ id }) => id).join(', ');
  throw new ConfigurationError(
    `--crm "${crm}" is not set up. Set up: ${names}. Add it: npx leadgrade init --crm ${crm}.`,
  );
}
