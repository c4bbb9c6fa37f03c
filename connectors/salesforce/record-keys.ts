// The IDs of Salesforce Leads and Contacts, and the URLs of their records.
import type { ParsedRecordId, RecordKeys } from '../../src/crm/record-keys.ts';
import { personRef } from './people/person-mapping.ts';
import { fullId } from './webhook/full-id.ts';

/**
 * Hosts of Lightning, of My Domain, of instances (`na1.salesforce.com`) and of government clouds
 * (https://help.salesforce.com/s/articleView?id=sf.domain_name_url_formats.htm).
 */
const HOST = /(?:^|\.)(?:salesforce\.com|force\.com|salesforce\.mil|cloudforce\.com|crmforce\.mil|sfcrmproducts\.cn)$/;

/** `/lightning/r/Lead/ID/view`, `/lightning/r/ID/view`, `/ID`, `/one/one.app#/sObject/ID/view`. */
const ID_IN_URL = /(?:^|[/=]|%2F)([a-zA-Z0-9]{18}|[a-zA-Z0-9]{15})(?=$|[/?&#]|%2F)/g;

export const recordKeys: RecordKeys = {
  parseId,
  parseUrl: ({ hostname, pathname, search, hash }) => {
    if (!HOST.test(hostname)) return null;
    const ids = [...`${pathname}${search}${hash}`.matchAll(ID_IN_URL)].map(([, id = '']) => id);
    const person = ids.find((id) => personRef(id) !== null);
    if (person !== undefined) return parseId(person);
    const shown = ids.length === 0 ? 'shows no record' : 'shows another object than a Lead or Contact';
    return {
      problem: `This Salesforce URL ${shown}. Copy the URL of a Lead or Contact: https://acme.lightning.force.com/lightning/r/Lead/00Q5g00000AbCdEEAV/view`,
    };
  },
};

/**
 * The first 15 characters are case-sensitive, and the last 3 encode their case
 * (https://help.salesforce.com/s/articleView?id=000383751). So 15 characters are enough, and an ID
 * whose case was lost can be restored from all 18.
 */
function parseId(text: string): ParsedRecordId {
  const id = text.trim();
  if (!/^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/.test(id)) {
    return { problem: 'A Salesforce ID has 15 or 18 letters and digits, for example salesforce:00Q5g00000AbCdEEAV.' };
  }
  const [base, checksum] = [id.slice(0, 15), id.slice(15).toUpperCase()];
  const full = fullId(base);
  if (full === null) return { problem: 'This is not a Salesforce ID.' };
  if (checksum === '' || full.endsWith(checksum)) return { id: full };
  const restored = isOneCase(base) ? withCaseOf(base, checksum) : null;
  return restored === null
    ? { problem: `The last three letters of ${id} do not fit: did you mean ${full}?` }
    : { id: restored };
}

function isOneCase(text: string): boolean {
  return text === text.toLowerCase() || text === text.toUpperCase();
}

const CHECK = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/** Each letter of the checksum tells which of 5 characters are upper case. */
function withCaseOf(base: string, checksum: string): string | null {
  const characters = [...base.toLowerCase()].map((character, index) => {
    const bits = CHECK.indexOf(checksum.charAt(Math.floor(index / 5)));
    return Math.floor(bits / 2 ** (index % 5)) % 2 === 1 ? character.toUpperCase() : character;
  });
  const full = fullId(characters.join(''));
  return full?.endsWith(checksum) === true ? full : null;
}
