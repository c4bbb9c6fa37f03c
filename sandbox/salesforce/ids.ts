// Salesforce's record IDs: 15 case-sensitive characters, and a checksum of three that makes them
// safe without case.

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECK = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const INSTANCE = 'gL0';
const ID_FORM = /^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/;

/**
 * The 18-character ID of the n-th record of a type.
 * @param prefix the three characters of the type
 */
export function idOf(prefix: string, n: number): string {
  let digits = '';
  for (let left = n; digits.length < 9; left = Math.floor(left / 62)) digits = BASE62.charAt(left % 62) + digits;
  return withChecksum(`${prefix}${INSTANCE}${digits}`);
}

/** One character per group of five, which encodes the letters in upper case. */
function withChecksum(id: string): string {
  let checksum = '';
  for (let group = 0; group < 3; group++) {
    let bits = 0;
    for (let at = 0; at < 5; at++) if (/[A-Z]/.test(id.charAt(group * 5 + at))) bits += 2 ** at;
    checksum += CHECK.charAt(bits);
  }
  return id + checksum;
}

/** The 18-character form of an ID of 15 or 18; null if it is malformed or has a wrong checksum. */
export function fullId(text: string): string | null {
  if (!ID_FORM.test(text)) return null;
  const full = withChecksum(text.slice(0, 15));
  return text.length === 15 || text === full ? full : null;
}
