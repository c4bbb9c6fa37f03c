// Which records are one person's. Pure: the same records give the same persons, in whatever order they come, and persons that were
// given leads by this are given the same ones again.
//
// Links are stronger than addresses: records that a link ties are one person, and who is tied to a record of a CRM by a link is not
// matched with others of that CRM by address. Then whoever has one address is one person, unless too many have it.
import { type MatchRecord, type PersonGroup, recordKey } from '../domain/person.ts';
import type { MatchPolicy } from './people-policy.ts';

export function groupRecords(records: readonly MatchRecord[], policy: MatchPolicy): readonly PersonGroup[] {
  const sorted = [...new Map(records.map((record) => [recordKey(record), record])).entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, record]) => record);
  const tied = tieByLinks(sorted, policy);
  return giveLeads(tieByAddress(tied, policy));
}

/** Records that links make one person. */
interface Tied {
  readonly records: readonly MatchRecord[];
  /** The CRMs in which a link names the record of one of them. */
  readonly linkedInto: ReadonlySet<string>;
}

function tieByLinks(records: readonly MatchRecord[], { by, most_records }: MatchPolicy): readonly Tied[] {
  const byKey = new Map(records.map((record) => [recordKey(record), record]));
  const links = !by.includes('links')
    ? []
    : records.flatMap((from) =>
        from.linked.flatMap((link) => {
          const to = byKey.get(recordKey(link));
          return to === undefined || to === from ? [] : [{ from, to }];
        }),
      );
  // So many cannot be one person: somebody filled them all in alike.
  const crowd = Map.groupBy(links, ({ to }) => to);
  const kept = links.filter(({ to }) => new Set(crowd.get(to)?.map(({ from }) => from)).size <= most_records);
  const linkedInto = new Map<MatchRecord, string[]>();
  for (const { from, to } of kept) {
    linkedInto.set(from, [...(linkedInto.get(from) ?? []), to.crm]);
    linkedInto.set(to, [...(linkedInto.get(to) ?? []), from.crm]);
  }
  return unite(
    records,
    kept.map(({ from, to }) => [from, to]),
  ).map((members) => {
    return { records: members, linkedInto: new Set(members.flatMap((member) => linkedInto.get(member) ?? [])) };
  });
}

function tieByAddress(tied: readonly Tied[], policy: MatchPolicy): readonly (readonly MatchRecord[])[] {
  if (!policy.by.includes('email')) return tied.map(({ records }) => records);
  const holders = Map.groupBy(
    tied.flatMap((each) => each.records.map(({ address }) => ({ each, address }))),
    ({ address }) => address,
  );
  const pairs = [...holders].flatMap(([address, all]) => {
    if (address === null || all.length > policy.most_records || !isPersonal(address, policy)) return [];
    const distinct = [...new Set(all.map(({ each }) => each))];
    return distinct.flatMap((one, place) =>
      distinct.slice(place + 1).flatMap((other): [Tied, Tied][] => (mayMeet(one, other) ? [[one, other]] : [])),
    );
  });
  return unite(tied, pairs).map((persons) =>
    persons.flatMap(({ records }) => records).toSorted((a, b) => (recordKey(a) < recordKey(b) ? -1 : 1)),
  );
}

function mayMeet(one: Tied, other: Tied): boolean {
  const isBlocked = ({ linkedInto }: Tied, { records }: Tied) => records.some(({ crm }) => linkedInto.has(crm));
  return !isBlocked(one, other) && !isBlocked(other, one);
}

/** Whether an address can be one person's: it is one, and no inbox of a department. */
function isPersonal(address: string, { shared_inboxes }: MatchPolicy): boolean {
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return false;
  const local = address.slice(0, at).split('+')[0] ?? '';
  return !shared_inboxes.some((inbox) => inbox.toLowerCase() === local);
}

/** The parts into which pairs tie the items together; items and parts in the order given. */
function unite<T>(items: readonly T[], pairs: readonly (readonly [T, T])[]): readonly (readonly T[])[] {
  const next = new Map<T, T>();
  const rootOf = (item: T): T => {
    let root = item;
    for (let up = next.get(root); up !== undefined; up = next.get(root)) root = up;
    if (root !== item) next.set(item, root);
    return root;
  };
  for (const [a, b] of pairs) {
    const [one, other] = [rootOf(a), rootOf(b)];
    if (one !== other) next.set(one, other);
  }
  return [...Map.groupBy(items, rootOf).values()];
}

/**
 * Each person goes on with the oldest lead that any of its records belongs to. A lead that several have a claim to goes to the one
 * with the most of its records, or else the first.
 */
function giveLeads(groups: readonly (readonly MatchRecord[])[]): readonly PersonGroup[] {
  const given = new Map<readonly MatchRecord[], number>();
  const claims = Map.groupBy(
    groups.flatMap((group) => group.map(({ leadId }) => ({ group, leadId }))),
    ({ leadId }) => leadId,
  );
  for (const [leadId, claimed] of [...claims].toSorted(([a], [b]) => a - b)) {
    const free = Map.groupBy(claimed, ({ group }) => group);
    const claimants = [...free].filter(([group]) => !given.has(group));
    const most = Math.max(0, ...claimants.map(([, records]) => records.length));
    const winner = claimants.find(([, records]) => records.length === most);
    if (winner) given.set(winner[0], leadId);
  }
  return groups.map((records) => ({ leadId: given.get(records) ?? null, records }));
}
