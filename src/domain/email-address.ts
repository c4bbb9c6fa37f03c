// The normal form of e-mail addresses: two addresses of one mailbox have the same normal form,
// wherever they were typed. Pure.
//
// Removed or converted: letter case, surrounding spaces and dots, invisible characters, `mailto:`,
// a display name (`Anna Berg <anna@acme.example>`), and domains in other scripts (to punycode).
// Kept: dots before the @. Gmail ignores them, but other servers and the CRMs do not.

/** The longest valid address (RFC 3696, errata 1690). A longer text is not an address. */
const MAX_LENGTH = 320;
/** The longest text that is searched for addresses. */
const MAX_TEXT_LENGTH = 5_000;

/** Zero-width characters, the byte order mark, and the soft hyphen: pasted along with addresses. */
const INVISIBLE = /[\u200B-\u200D\u2060\uFEFF\u00AD]/g;

/** The address in normal form; null if the text is not exactly one address. */
export function normalAddress(text: string): string | null {
  const [address, ...others] = addressesIn(text);
  return address === undefined || others.length > 0 ? null : address;
}

/**
 * The distinct addresses of a text in normal form, in their order. A text may list several,
 * separated by semicolons, commas, bars or spaces.
 */
export function addressesIn(text: string): readonly string[] {
  if (text.length > MAX_TEXT_LENGTH || !text.includes('@')) return [];
  const visible = text.replace(INVISIBLE, '');
  // With a display name only the part in angle brackets is an address.
  const bracketed = [...visible.matchAll(/<([^<>]+)>/g)].map(([, inner = '']) => inner);
  const parts = bracketed.some((part) => part.includes('@')) ? bracketed : visible.split(/[\s;,|]+/u);
  return [...new Set(parts.flatMap((part) => toNormalForm(part) ?? []))];
}

function toNormalForm(part: string): string | null {
  const bare = part
    .trim()
    .replace(/^mailto:([^?]*).*$/i, '$1')
    .replace(/^["'(.]+|["'():!.]+$/g, '');
  const lower = bare.normalize('NFKC').toLowerCase();
  const at = lower.lastIndexOf('@');
  const [local, domain] = [lower.slice(0, at), asciiDomain(lower.slice(at + 1).replace(/\.+$/, ''))];
  if (!/^[^\s@]+$/.test(local) || domain === null || local.length + domain.length >= MAX_LENGTH) return null;
  return `${local}@${domain}`;
}

/** The domain in ASCII (punycode): `müller.example` -> `xn--mller-kva.example`. */
function asciiDomain(domain: string): string | null {
  if (domain === '' || /[\s@/\\?#:]/.test(domain)) return null;
  if (/^[\x21-\x7e]+$/.test(domain)) return domain;
  const url = `http://${domain}`;
  return URL.canParse(url) ? new URL(url).hostname : null;
}

/** The address without its tag: `anna+demo@acme.example` -> `anna@acme.example`. */
export function withoutTag(address: string): string {
  return address.replace(/^([^+@]+)\+[^@]*@/, '$1@');
}
