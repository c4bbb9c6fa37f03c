// Converts record IDs to the stored form of 18 characters, as the API returns them. Salesforce's
// formulas, reports and flows often give only the first 15 characters, which are case-sensitive;
// the last three encode which of them are upper case.

const CHECK = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const ID = /^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/;

/**
 * The ID with 18 characters; null if it is not valid, or if its last three do not match because its
 * case was changed.
 */
export function fullId(id: string): string | null {
  if (!ID.test(id)) return null;
  const full = withChecksum(id.slice(0, 15));
  return id.length === 15 || id === full ? full : null;
}

/** Why `fullId` is null, in a sentence about the ID. */
export function idProblem(id: string): string {
  return ID.test(id)
    ? 'has 18 characters, but its last three do not match the others: capital letters were changed.'
    : 'is not a Salesforce ID of 15 or 18 letters and digits.';
}

/** The ID of an org with 18 characters, computed from its first 15; null if it is not valid. */
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
