// One form for the IDs in links: a property may hold an ID in another form than the other CRM's API
// returns (15 characters instead of 18 in Salesforce).
import type {
  ChangePage,
  DirtyRecord,
  FetchedLead,
  FieldProblem,
  LeadSnapshot,
  ListedRecord,
  RecordLink,
} from '../domain/crm-changes.ts';
import type { CrmConnector } from './connector.ts';
import type { ReconcilePage } from './reconcile.ts';
import type { RecordKeys } from './record-keys.ts';

const MAX_QUOTED_LENGTH = 40;

/** Converts the ID of a record of any CRM; an ID that is not valid, or of another CRM, stays. */
export type NormalizeId = (crm: string, id: string) => string;

export function createNormalizeId(keysOf: (crm: string) => RecordKeys | undefined): NormalizeId {
  return (crm, id) => {
    const parsed = keysOf(crm)?.parseId(id);
    return parsed !== undefined && 'id' in parsed ? parsed.id : id;
  };
}

/**
 * The connector, with the links of its records in the form of the other CRM's IDs. A link whose ID
 * cannot be right is a problem of its record.
 */
export function withNormalizedLinks(
  connector: CrmConnector,
  keysOf: (crm: string) => RecordKeys | undefined,
): CrmConnector {
  const normalize = createNormalizeId(keysOf);
  const toLink = (link: RecordLink): RecordLink => ({ ...link, id: normalize(link.crm, link.id) });
  const toProblem = ({ crm, object, id }: RecordLink): readonly FieldProblem[] => {
    const parsed = keysOf(crm)?.parseId(id);
    if (parsed === undefined || !('problem' in parsed)) return [];
    const message = `the link to the ${object} "${id.slice(0, MAX_QUOTED_LENGTH)}" in ${crm} leads to no record. ${parsed.problem}`;
    return [{ field: `links.${crm}.${object}`, message }];
  };
  const toLead = (lead: LeadSnapshot): LeadSnapshot => {
    if (lead.links === undefined) return lead;
    const problems = [...lead.problems, ...lead.links.flatMap(toProblem)];
    return { ...lead, links: lead.links.map(toLink), problems };
  };
  const toFetched = (lead: FetchedLead): FetchedLead => (lead.kind === 'lead' ? toLead(lead) : lead);
  const toDirty = (record: DirtyRecord): DirtyRecord => {
    const { current } = record;
    if (current?.links === undefined) return record;
    return { ...record, current: { ...current, links: current.links.map(toLink) } };
  };
  const { listAllRecords, readItems, reconcileLinks, reconcileStream } = connector;
  return {
    ...connector,
    async *listChanges(...args): AsyncGenerator<ChangePage> {
      for await (const page of connector.listChanges(...args)) {
        yield { ...page, leads: page.leads.map(toLead), dirty: page.dirty.map(toDirty) };
      }
    },
    fetchLeads: async (...args) => (await connector.fetchLeads(...args)).map(toFetched),
    ...(readItems && {
      readItems: async (...args) => {
        const items = await readItems(...args);
        return { ...items, dirty: items.dirty.map(toDirty) };
      },
    }),
    ...(listAllRecords && {
      listAllRecords: async (...args) => {
        const listing = await listAllRecords(...args);
        const { current } = listing;
        const toListed = (record: ListedRecord): ListedRecord =>
          record.links === undefined ? record : { ...record, links: record.links.map(toLink) };
        return current === undefined ? listing : { ...listing, current: current.map(toListed) };
      },
    }),
    ...(reconcileStream && {
      async *reconcileStream(...args): AsyncGenerator<ReconcilePage> {
        for await (const page of reconcileStream(...args)) yield { ...page, dirty: page.dirty.map(toDirty) };
      },
    }),
    ...(reconcileLinks && {
      reconcileLinks: async (...args) => {
        const diff = await reconcileLinks(...args);
        return { ...diff, dirty: diff.dirty.map(toDirty) };
      },
    }),
  };
}
