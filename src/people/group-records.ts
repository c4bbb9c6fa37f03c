// Groups records into persons. Pure: the result does not depend on the order of the records, and
// grouping again with the assigned leads gives the same leads.
//
// Links take precedence over addresses. Linked records are one person, and a record linked into a
// CRM is not matched by address with other records of that CRM. Then records that share an address
// are one person, unless too many records have it, it is a shared inbox, or their names differ.
import { type MatchRecord, type PersonGroup, recordKey } from '../domain/person.ts';
import { createAddressKeys } from './address-keys.ts';
import { compareNames } from './names.ts';
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
  const { matchKeysOf } = createAddressKeys(policy);
  const holders = Map.groupBy(
    linked.flatMap((group) =>
      group.records.flatMap((record) => matchKeysOf(record.addresses).map((key) => ({ group, key }))),
    ),
    ({ key }) => key,
  );
  const pairs = [...holders.values()].flatMap((all) => {
    if (all.length > policy.max_records) return [];
    const groups = [...new Set(all.map(({ group }) => group))];
    return groups.flatMap((a, index) =>
      groups.slice(index + 1).flatMap((b): [LinkedRecords, LinkedRecords][] => (canMatch(a, b) ? [[a, b]] : [])),
    );
  });
  return connectedComponents(linked, withAgreeingNames(linked, pairs)).map((persons) =>
    persons.flatMap(({ records }) => records).toSorted((a, b) => (recordKey(a) < recordKey(b) ? -1 : 1)),
  );
}

type Pair = readonly [LinkedRecords, LinkedRecords];

/**
 * The pairs that leave no two groups with different names in one component. Where names differ, two
 * groups match only if they differ from the same others: a record without a name could belong to
 * any of them, and so belongs to none.
 */
function withAgreeingNames(linked: readonly LinkedRecords[], pairs: readonly Pair[]): readonly Pair[] {
  const differing = new Map<LinkedRecords, string>();
  for (const component of connectedComponents(linked, pairs)) {
    if (component.length < 2) continue;
    for (const group of component) {
      const others = component.flatMap((other, index) => (haveDifferentNames(group, other) ? [index] : []));
      differing.set(group, others.join());
    }
  }
  return pairs.filter(([a, b]) => differing.get(a) === differing.get(b));
}

/** No name of the one agrees with a name of the other, and at least one differs. */
function haveDifferentNames(a: LinkedRecords, b: LinkedRecords): boolean {
  if (a === b) return false;
  const compared = a.records.flatMap((one) => b.records.map((other) => compareNames(one.name, other.name)));
  return compared.includes('differ') && !compared.includes('agree');
}

function canMatch(a: LinkedRecords, b: LinkedRecords): boolean {
  const isBlocked = ({ linkedInto }: LinkedRecords, { records }: LinkedRecords) => {
    return records.some(({ crm }) => linkedInto.has(crm));
  };
  return !isBlocked(a, b) && !isBlocked(b, a);
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
