// The nightly comparison of links: HubSpot changes no modification time when a contact moves to another company, or when an
// engagement or a deal is linked, unlinked or deleted.
import type { ChangePage, DirtyRecord, LinkDiff, StoredLinks } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { batchRead } from '../objects/batch-read.ts';
import { chooseCompany, readLinks } from '../objects/object-reads.ts';
import { createStageReader } from '../objects/pipeline-stages.ts';
import type { HubSpotParts } from '../streams/stream.ts';
import { outcomeId, readDeals } from './deals.ts';
import { activityId, engagementProperties, toContactActivities } from './engagements.ts';

interface Compared {
  /** The engagement types that the mapping reads. */
  readonly engagements: readonly string[];
  readonly deals: boolean;
}

export async function reconcileLinks(
  parts: HubSpotParts,
  compared: Compared,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<LinkDiff> {
  const dirty = await movedContacts(parts, known, signal);
  const activities: LinkDiff['activities'][number][] = [];
  const gone: LinkDiff['gone'][number][] = [];
  for (const type of compared.engagements) {
    const changes = await unlessClosed(() => compareType(parts, type, known, signal), { activities: [], gone: [] });
    activities.push(...changes.activities.map((activity) => ({ ...activity, stream: type })));
    gone.push(...changes.gone);
  }
  const none = { outcomes: [], goneOutcomes: [] };
  const deals = compared.deals ? await unlessClosed(() => compareDeals(parts, known, signal), none) : none;
  return { dirty, activities, gone, ...deals };
}

/** Links to what this token may not see are no findings; the others are compared all the same. */
async function unlessClosed<T>(compare: () => Promise<T>, none: T): Promise<T> {
  try {
    return await compare();
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'forbidden') return none;
    throw error;
  }
}

async function movedContacts(
  { http, contacts }: HubSpotParts,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<DirtyRecord[]> {
  if (!contacts.usesCompanies) return [];
  const ids = known.map(({ ref }) => ref.id);
  const links = await readLinks(http, { from: 'contacts', to: 'companies', ids }, signal);
  const moved = known.filter(({ ref, companyId }) => chooseCompany(links.get(ref.id)) !== companyId);
  return moved.map(({ ref }) => ({ ref }));
}

interface Difference {
  readonly unlinked: readonly { readonly ref: StoredLinks['ref']; readonly id: string }[];
  /** The contacts of each object that was linked since, by its own id. */
  readonly contactsOfNew: ReadonlyMap<string, readonly string[]>;
}

/** @param ours the id that an object of the type has with us; `had` those that were known of a contact, any type among them */
async function compareOne(
  { http }: HubSpotParts,
  { type, ours, had }: { type: string; ours: (id: string) => string; had: (each: StoredLinks) => readonly string[] },
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<Difference> {
  const ids = known.map(({ ref }) => ref.id);
  const links = await readLinks(http, { from: 'contacts', to: type, ids }, signal);
  const unlinked: Difference['unlinked'][number][] = [];
  const contactsOfNew = new Map<string, string[]>();
  for (const each of known) {
    const { ref } = each;
    const linked = new Map((links.get(ref.id) ?? []).map((link) => [ours(link.id), link.id]));
    const before = new Set(had(each).filter((id) => id.startsWith(ours(''))));
    unlinked.push(...[...before].filter((id) => !linked.has(id)).map((id) => ({ ref, id })));
    for (const [id, objectId] of linked) {
      if (!before.has(id)) contactsOfNew.set(objectId, [...(contactsOfNew.get(objectId) ?? []), ref.id]);
    }
  }
  return { unlinked, contactsOfNew };
}

async function compareType(
  parts: HubSpotParts,
  type: string,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<Pick<ChangePage, 'activities' | 'gone'>> {
  const kind = { type, ours: (id: string) => activityId(type, id), had: (each: StoredLinks) => each.activityIds };
  const { unlinked, contactsOfNew } = await compareOne(parts, kind, known, signal);
  const properties = engagementProperties(parts.mapping, type);
  const { records } = await batchRead(parts.http, { type, ids: [...contactsOfNew.keys()], properties }, signal);
  const items = records.map((object) => ({ object, contacts: contactsOfNew.get(object.id) ?? [] }));
  // What is linked but not mapped (a canceled meeting) was never known: it is no activity, and nothing is gone.
  const { activities } = toContactActivities(parts, type, items);
  return { activities, gone: unlinked.map(({ ref, id }) => ({ ref, activityId: id })) };
}

async function compareDeals(
  parts: HubSpotParts,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<Pick<LinkDiff, 'outcomes' | 'goneOutcomes'>> {
  const kind = { type: 'deals', ours: outcomeId, had: (each: StoredLinks) => each.outcomeIds };
  const { unlinked, contactsOfNew: contactsOf } = await compareOne(parts, kind, known, signal);
  const { http } = parts;
  const outcomes = await readDeals({ http, readStages: createStageReader(http), contactsOf }, signal);
  return { outcomes, goneOutcomes: unlinked.map(({ ref, id }) => ({ ref, outcomeId: id })) };
}
