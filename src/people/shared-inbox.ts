// Shared inboxes: addresses that several persons read (info@, vertrieb@). Pure.

/**
 * The part before the @ as it is compared with the list: lower case, without a tag (`+fair`), the
 * digits at its end, and separators between words. `p.r@` stays as it is: these are initials.
 */
export function inboxKey(address: string): string {
  const local = (address.split('@')[0] ?? '').toLowerCase().replace(/\+.*$/, '').replace(/\d+$/, '');
  const words = local.split(/[._-]/);
  return words.every((word) => word.length > 1) ? words.join('') : local;
}

/** The list in the form of `inboxKey`. */
export function inboxKeys(sharedInboxes: readonly string[]): ReadonlySet<string> {
  return new Set(sharedInboxes.map((inbox) => inboxKey(inbox.trim())));
}
