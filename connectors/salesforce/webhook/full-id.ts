// Ids in the one form that we keep: 18 characters, as the API shows them. Formulas, reports and flows of Salesforce often give the first
// 15 alone, which mind case; the other three say which of them are upper case.

const CHECK = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const ID = /^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/;

/** The id with 18 characters; null where it is none, or where its last three do not fit (its case was lost on the way). */
export function fullId(id: string): string | null {
  if (!ID.test(id)) return null;
  const full = withChecksum(id.slice(0, 15));
  return id.length === 15 || id === full ? full : null;
}

/** Of an org, told by its first 15 characters alone, with 18 characters; null where it is none. */
export function fullOrgId(id: string): string | null {
  return ID.test(id) && id.startsWith('00D') ? withChecksum(id.slice(0, 15)) : null;
}

function withChecksum(id: string): string {
  const groups = [id.slice(0, 5), id.slice(5, 10), id.slice(10)];
  return id + groups.map((group) => CHECK.charAt(upperCaseBits(group))).join('');
}

function upperCaseBits(group: string): number {
  return [...group].reduce((bits, character, at) => bits + (/[A-Z]/.test(character) ? 2 ** at : 0), 0);
}
