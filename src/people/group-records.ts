// Groups records into persons. Pure: the result does not depend on the order of the records, and
// grouping again with the assigned leads gives the same leads.
//
// Links take precedence over addresses. Linked records are one person, and a record linked into a
// CRM is not matched by address with other records of that CRM. Then records with the same address
// are one person, unless too many records have it.
import { type MatchRecord, type PersonGroup, recordKey } from '../domain/person.ts';
import type { MatchPolicy } from './people-policy.ts';

export function groupRecords(records: readonly MatchRecord[], policy: MatchPolicy): readonly PersonGroup[] {
  const sorted = [...new Map(records.map((record) => [recordKey(record), record])).entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, record]) => record);
  const linked = groupByLinks(sorted, policy);
  return assignLeads(groupByAddress(linked, policy));
}

/** Records that links make one person. */
interface LinkedRecords {
  readonly records: readonly MatchRecord[];
  /** The CRMs in which a link identifies the record of the person. */
  readonly linkedInto: ReadonlySet<string>;
}

function groupByLinks(records: readonly MatchRecord[], { by, max_records }: MatchPolicy): readonly LinkedRecords[] {
  const byKey = new Map(records.map((record) => [recordKey(record), record]));
  const links = !by.includes('links')
    ? []
    : records.flatMap((from) =>
        from.linked.flatMap((link) => {
          const to = byKey.get(recordKey(link));
          return to === undefined || to === from ? [] : [{ from, to }];
        }),
      );
  // A target with more links than this is a default value that was filled in everywhere.
  const linksByTarget = Map.groupBy(links, ({ to }) => to);
  const credible = links.filter(({ to }) => {
    return new Set(linksByTarget.get(to)?.map(({ from }) => from)).size <= max_records;
  });
  const linkedInto = new Map<MatchRecord, string[]>();
  for (const { from, to } of credible) {
    linkedInto.set(from, [...(linkedInto.get(from) ?? []), to.crm]);
    linkedInto.set(to, [...(linkedInto.get(to) ?? []), from.crm]);
  }
  return connectedComponents(
    records,
    credible.map(({ from, to }) => [from, to]),
  ).map((members) => {
    return { records: members, linkedInto: new Set(members.flatMap((member) => linkedInto.get(member) ?? [])) };
  });
}

function groupByAddress(linked: readonly LinkedRecords[], policy: MatchPolicy): readonly (readonly MatchRecord[])[] {
  if (!policy.by.includes('email')) return linked.map(({ records }) => records);
  const holders = Map.groupBy(
    linked.flatMap((group) => group.records.map(({ address }) => ({ group, address }))),
    ({ address }) => address,
  );
  const pairs = [...holders].flatMap(([address, all]) => {
    if (address === null || all.length > policy.max_records || !isPersonal(address, policy)) return [];
    const groups = [...new Set(all.map(({ group }) => group))];
    return groups.flatMap((a, index) =>
      groups.slice(index + 1).flatMap((b): [LinkedRecords, LinkedRecords][] => (canMatch(a, b) ? [[a, b]] : [])),
    );
  });
  return connectedComponents(linked, pairs).map((persons) =>
    persons.flatMap(({ records }) => records).toSorted((a, b) => (recordKey(a) < recordKey(b) ? -1 : 1)),
  );
}

function canMatch(a: LinkedRecords, b: LinkedRecords): boolean {
  const isBlocked = ({ linkedInto }: LinkedRecords, { records }: LinkedRecords) => {
    return records.some(({ crm }) => linkedInto.has(crm));
  };
  return !isBlocked(a, b) && !isBlocked(b, a);
}

/** Whether an address is a valid address of one person, not a shared inbox. */
function isPersonal(address: string, { shared_inboxes }: MatchPolicy): boolean {
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return false;
  const local = address.slice(0, at).split('+')[0] ?? '';
  return !shared_inboxes.some((inbox) => inbox.toLowerCase() === local);
}

/** The connected components of a graph (union-find); items and components in the order given. */
function connectedComponents<T>(items: readonly T[], pairs: readonly (readonly [T, T])[]): readonly (readonly T[])[] {
  const parent = new Map<T, T>();
  const rootOf = (item: T): T => {
    let root = item;
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up;
    if (root !== item) parent.set(item, root);
    return root;
  };
  for (const [a, b] of pairs) {
    const [rootA, rootB] = [rootOf(a), rootOf(b)];
    if (rootA !== rootB) parent.set(rootA, rootB);
  }
  return [...Map.groupBy(items, rootOf).values()];
}

/**
 * Each person continues the oldest lead of its records. A lead of several persons goes to the
 * person with most of its records, or else to the first one.
 */
function assignLeads(groups: readonly (readonly MatchRecord[])[]): readonly PersonGroup[] {
  const assigned = new Map<readonly MatchRecord[], number>();
  const claims = Map.groupBy(
    groups.flatMap((group) => group.map(({ leadId }) => ({ group, leadId }))),
    ({ leadId }) => leadId,
  );
  for (const [leadId, claimed] of [...claims].toSorted(([a], [b]) => a - b)) {
    const recordsByGroup = Map.groupBy(claimed, ({ group }) => group);
    const claimants = [...recordsByGroup].filter(([group]) => !assigned.has(group));
    const maxRecords = Math.max(0, ...claimants.map(([, records]) => records.length));
    const winner = claimants.find(([, records]) => records.length === maxRecords);
    if (winner) assigned.set(winner[0], leadId);
  }
  return groups.map((records) => ({ leadId: assigned.get(records) ?? null, records }));
}
