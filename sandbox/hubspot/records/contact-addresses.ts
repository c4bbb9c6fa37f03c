// A contact's e-mail addresses: one primary, and the secondary ones in `hs_additional_emails`,
// separated by semicolons. "Secondary email addresses can be used to look up contacts in the same
// way primary email addresses can": https://integrate.hubspot.com/t/email-or-pk-for-contact-api/11846
import type { CrmRecord } from './record-table.ts';

/** In lower case, the primary one first. Without one, the first is ''. */
export function addressesOf({ properties }: CrmRecord): readonly string[] {
  const secondary = (properties.get('hs_additional_emails') ?? '').split(';');
  const [primary = '', ...others] = [properties.get('email') ?? '', ...secondary].map((each) =>
    each.trim().toLowerCase(),
  );
  return [primary, ...others.filter((each) => each !== '')];
}
