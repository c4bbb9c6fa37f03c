// Says why records are one person, or are not. Pure: the same rules as groupRecords.
import type { RecordLink } from '../domain/crm-changes.ts';
import { type MatchRecord, type PersonName, recordKey } from '../domain/person.ts';
import { createAddressKeys } from './address-keys.ts';
import { compareNames } from './names.ts';
import type { MatchPolicy } from './people-policy.ts';

export interface MatchReason {
  readonly record: RecordLink;
  /** `same address anna@acme.example as salesforce:00Q...` */
  readonly reason: string;
}

export interface MatchExplanation {
  /** Why each record belongs to the person. */
  readonly matched: readonly MatchReason[];
  /** Records with an address or a link in common that are not this person. */
  readonly notMatched: readonly MatchReason[];
}

interface Records {
  /** The records of the person. */
  readonly own: readonly MatchRecord[];
  /** All records that could belong to it, with those of the person. */
  readonly all: readonly MatchRecord[];
  /** The properties that hold links to a CRM's object: `salesforceleadid`. */
  readonly linkProperties: (from: RecordLink, to: RecordLink) => readonly string[];
}

export function explainMatches({ own, all, linkProperties }: Records, policy: MatchPolicy): MatchExplanation {
  const ownKeys = new Set(own.map(recordKey));
  const others = all.filter((record) => !ownKeys.has(recordKey(record)));
  const compare = createComparison(all, policy);
  return {
    matched: own.flatMap((record) => {
      return own.flatMap((other) => {
        if (other === record) return [];
        const links = isLinked(record, other) ? [linkText(record, other, linkProperties)] : [];
        const addresses = compare
          .sharedAddresses(record, other)
          .map((address) => `same address ${address} as ${nameOf(other)}`);
        return [...links, ...(policy.by.includes('email') ? addresses : [])].map((reason) => ({ record, reason }));
      });
    }),
    notMatched: others.flatMap((other) => {
      const reasons = own.flatMap((record) => compare.whyNot(record, other) ?? []);
      return [...new Set(reasons)].slice(0, 1).map((reason) => ({ record: other, reason }));
    }),
  };
}

function isLinked(from: MatchRecord, to: RecordLink): boolean {
  return from.linked.some((link) => recordKey(link) === recordKey(to));
}

function linkText(from: MatchRecord, to: MatchRecord, linkProperties: Records['linkProperties']): string {
  const properties = linkProperties(from, to).join(' or ');
  return `linked by ${properties === '' ? 'its link' : properties} to ${nameOf(to)}`;
}

function createComparison(all: readonly MatchRecord[], policy: MatchPolicy) {
  const { keyOf, isShared } = createAddressKeys(policy);
  const holders = (key: string) => all.filter(({ addresses }) => addresses.map(keyOf).includes(key)).length;
  /** The addresses of `a` that `b` has, too, shared inboxes included. */
  const common = (a: MatchRecord, b: MatchRecord) => {
    const keys = new Set(b.addresses.map(keyOf));
    return a.addresses.filter((address) => keys.has(keyOf(address)));
  };
  const sharedAddresses = (a: MatchRecord, b: MatchRecord) => common(a, b).filter((address) => !isShared(address));
  const withoutSharedAddress = (a: MatchRecord, b: MatchRecord): string | null => {
    const [inbox] = common(a, b);
    if (inbox !== undefined) return `shared inbox ${inbox}`;
    if (!isLinked(a, b) && !isLinked(b, a)) return null;
    if (!policy.by.includes('links')) return 'people.yaml matches no links (match.by)';
    return `more than ${policy.max_records} records link to one of them`;
  };
  const whyNot = (a: MatchRecord, b: MatchRecord): string | null => {
    const [address] = sharedAddresses(a, b);
    if (address === undefined) return withoutSharedAddress(a, b);
    if (!policy.by.includes('email')) return 'people.yaml matches no addresses (match.by)';
    if (holders(keyOf(address)) > policy.max_records) {
      return `more than ${policy.max_records} records have the address ${address}`;
    }
    if (compareNames(a.name, b.name) === 'differ') return `names differ (${fullName(a.name)}, ${fullName(b.name)})`;
    return linksElsewhere(a, b, all) || linksElsewhere(b, a, all)
      ? 'a link to another record is stronger than the address'
      : `other records with the address ${address} have different names`;
  };
  return { sharedAddresses, whyNot };
}

/** A link connects `a` with another record of the CRM of `b`. */
function linksElsewhere(a: MatchRecord, b: MatchRecord, all: readonly MatchRecord[]): boolean {
  return all.some((each) => each.crm === b.crm && each !== b && (isLinked(a, each) || isLinked(each, a)));
}

function fullName({ first, last }: PersonName): string {
  return [first, last].filter((part) => part !== null && part !== '').join(' ');
}

function nameOf({ crm, id }: RecordLink): string {
  return `${crm}:${id}`;
}
