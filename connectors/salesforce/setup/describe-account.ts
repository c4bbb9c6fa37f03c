// Names the org that the connector is logged in to.
import type { Account } from '../../../src/crm/connector.ts';
import type { SalesforceParts } from '../parts.ts';
import { textOf } from '../people/person-mapping.ts';
import { readRows } from '../query/query.ts';
import { invisibleObjectError } from '../query/visibility.ts';

/** @throws ConnectorError `auth` if Salesforce rejects the login */
export async function describeAccount(parts: SalesforceParts, signal: AbortSignal): Promise<Account> {
  const fields = ['Name', 'OrganizationType', 'IsSandbox', 'TimeZoneSidKey'];
  const { rows } = await readRows(parts, { what: 'reading the org', from: 'Organization', fields, limit: 1 }, signal);
  const org = rows[0];
  if (org === undefined) throw invisibleObjectError('reading the org', 'Organization');
  const edition = textOf(org.values.OrganizationType);
  const kind = [edition, org.values.IsSandbox === true ? 'sandbox' : null].filter((part) => part !== null).join(', ');
  const name = `org ${[textOf(org.values.Name), org.id].filter((part) => part !== null).join(' ')}`;
  return {
    id: org.id,
    name: kind === '' ? name : `${name} (${kind})`,
    timezone: textOf(org.values.TimeZoneSidKey),
  };
}
