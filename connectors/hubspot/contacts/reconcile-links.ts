// The nightly comparison of links. HubSpot changes no modification time when a contact moves to
// another company, or when an engagement or a deal is linked, unlinked or deleted.
import type { ChangePage, DirtyRecord, LinkDiff, StoredLinks } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { batchRead } from '../objects/batch-read.ts';
import { chooseCompany, type Links, readLinks } from '../objects/links.ts';
import { createStageReader } from '../objects/pipeline-stages.ts';
import type { HubSpotParts } from '../parts.ts';
import { outcomeId, readDeals } from './deals.ts';
import { activityId, ENGAGEMENTS, engagementProperties, toContactActivities } from './engagements.ts';

/**
 * @throws ConnectorError also when the links of one contact cannot be read
 * @param streams the IDs of the streams that the mapping reads: the links of their items are
 *   compared
 */
export async function reconcileLinks(
  parts: HubSpotParts,
  streams: readonly string[],
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<LinkDiff> {
  const dirty = await movedContacts(parts, known, signal);
  const activities: LinkDiff['activities'][number][] = [];
  const gone: LinkDiff['gone'][number][] = [];
  for (const type of streams.filter((id) => Object.hasOwn(ENGAGEMENTS, id))) {
    const changes = await unlessForbidden(() => compareEngagements(parts, type, known, signal), {
      activities: [],
      gone: [],
    });
    activities.push(...changes.activities.map((activity) => ({ ...activity, stream: type })));
    gone.push(...changes.gone);
  }
  const none = { outcomes: [], goneOutcomes: [] };
  const hasDeals = streams.includes('deals');
  const deals = hasDeals ? await unlessForbidden(() => compareDeals(parts, known, signal), none) : none;
  return { dirty, activities, gone, ...deals };
}

/** Links to a type that this token may not read are skipped; the other types are still compared. */
async function unlessForbidden<T>(compare: () => Promise<T>, none: T): Promise<T> {
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
  throwFirst(links.failed);
  const moved = known.filter(({ ref, companyId }) => chooseCompany(links.of.get(ref.id)) !== companyId);
  return moved.map(({ ref }) => ({ ref }));
}

/** The caller compares the others without the contact that fails. */
function throwFirst(failed: Links['failed']): void {
  const [error] = failed.values();
  if (error !== undefined) throw error;
}

interface LinkChanges {
  readonly unlinked: readonly { readonly ref: StoredLinks['ref']; readonly id: string }[];
  /** Contact IDs by the ID of an object that was linked since. */
  readonly contactsOfNew: ReadonlyMap<string, readonly string[]>;
}

interface ComparedType {
  readonly type: string;
  /** The stored ID of an object of the type. */
  readonly storedId: (objectId: string) => string;
  /** The stored IDs of a contact's linked objects, of this type and others. */
  readonly linkedIds: (stored: StoredLinks) => readonly string[];
}

async function compareType(
  { http }: HubSpotParts,
  { type, storedId, linkedIds }: ComparedType,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<LinkChanges> {
  const ids = known.map(({ ref }) => ref.id);
  const links = await readLinks(http, { from: 'contacts', to: type, ids }, signal);
  throwFirst(links.failed);
  const unlinked: LinkChanges['unlinked'][number][] = [];
  const contactsOfNew = new Map<string, string[]>();
  for (const stored of known) {
    const { ref } = stored;
    const linked = new Map((links.of.get(ref.id) ?? []).map((link) => [storedId(link.id), link.id]));
    const before = new Set(linkedIds(stored).filter((id) => id.startsWith(storedId(''))));
    unlinked.push(...[...before].filter((id) => !linked.has(id)).map((id) => ({ ref, id })));
    for (const [id, objectId] of linked) {
      if (!before.has(id)) contactsOfNew.set(objectId, [...(contactsOfNew.get(objectId) ?? []), ref.id]);
    }
  }
  const absent = await absentContacts(http, unlinked, links, signal);
  return { unlinked: unlinked.filter(({ ref }) => !absent.has(ref.id)), contactsOfNew };
}

/**
 * The contacts without any link that do not exist under their ID any more. HubSpot lists no link of
 * a deleted or merged contact: its items are not unlinked, they move to the survivor.
 */
async function absentContacts(
  http: HubSpotHttp,
  unlinked: LinkChanges['unlinked'],
  links: Links,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(unlinked.map(({ ref }) => ref.id))].filter((id) => !links.of.has(id));
  if (ids.length === 0) return new Set();
  const { records } = await batchRead(http, { type: 'contacts', ids, properties: ['hs_object_id'] }, signal);
  const present = new Set(records.map(({ id }) => id));
  return new Set(ids.filter((id) => !present.has(id)));
}

async function compareEngagements(
  parts: HubSpotParts,
  type: string,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<Pick<ChangePage, 'activities' | 'gone'>> {
  const compared: ComparedType = {
    type,
    storedId: (id) => activityId(type, id),
    linkedIds: ({ activityIds }) => activityIds,
  };
  const { unlinked, contactsOfNew } = await compareType(parts, compared, known, signal);
  const properties = engagementProperties(parts.mapping, type);
  const { records } = await batchRead(parts.http, { type, ids: [...contactsOfNew.keys()], properties }, signal);
  const items = records.map((object) => ({ object, contacts: contactsOfNew.get(object.id) ?? [] }));
  // A linked engagement that the mapping skips (a canceled meeting) was never stored, so it is not
  // gone either.
  const { activities } = toContactActivities(parts, type, items);
  return { activities, gone: unlinked.map(({ ref, id }) => ({ ref, activityId: id })) };
}

async function compareDeals(
  parts: HubSpotParts,
  known: readonly StoredLinks[],
  signal: AbortSignal,
): Promise<Pick<LinkDiff, 'outcomes' | 'goneOutcomes'>> {
  const compared: ComparedType = {
    type: 'deals',
    storedId: outcomeId,
    linkedIds: ({ outcomeIds }) => outcomeIds,
  };
  const { unlinked, contactsOfNew: contactsOf } = await compareType(parts, compared, known, signal);
  const { http } = parts;
  const { outcomes } = await readDeals({ http, readStages: createStageReader(http), contactsOf }, signal);
  return { outcomes, goneOutcomes: unlinked.map(({ ref, id }) => ({ ref, outcomeId: id })) };
}
