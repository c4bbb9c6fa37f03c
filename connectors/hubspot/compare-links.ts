// The nightly comparison of links: HubSpot changes no modification time when a contact moves to another company, or when an
// engagement is linked, unlinked or deleted.
import type { ChangePage, DirtyRecord, KnownLinks, LinkFindings } from '../connector.ts';
import { batchRead } from './batch-read.ts';
import { activityId, engagementProperties, forContacts } from './engagements.ts';
import { chooseCompany, readLinks } from './object-reads.ts';
import type { HubSpotParts } from './stream.ts';

/** @param types the engagement types that the mapping reads */
export async function compareLinks(
  parts: HubSpotParts,
  types: readonly string[],
  known: readonly KnownLinks[],
  signal: AbortSignal,
): Promise<LinkFindings> {
  const dirty = await movedContacts(parts, known, signal);
  const activities: LinkFindings['activities'][number][] = [];
  const gone: LinkFindings['gone'][number][] = [];
  for (const type of types) {
    const changes = await compareType(parts, type, known, signal);
    activities.push(...changes.activities.map((activity) => ({ ...activity, stream: type })));
    gone.push(...changes.gone);
  }
  return { dirty, activities, gone };
}

async function movedContacts(
  { http, contacts }: HubSpotParts,
  known: readonly KnownLinks[],
  signal: AbortSignal,
): Promise<DirtyRecord[]> {
  if (!contacts.usesCompanies) return [];
  const ids = known.map(({ ref }) => ref.id);
  const links = await readLinks(http, { from: 'contacts', to: 'companies', ids }, signal);
  const moved = known.filter(({ ref, companyId }) => chooseCompany(links.get(ref.id)) !== companyId);
  return moved.map(({ ref }) => ({ ref }));
}

async function compareType(
  parts: HubSpotParts,
  type: string,
  known: readonly KnownLinks[],
  signal: AbortSignal,
): Promise<Pick<ChangePage, 'activities' | 'gone'>> {
  const ids = known.map(({ ref }) => ref.id);
  const links = await readLinks(parts.http, { from: 'contacts', to: type, ids }, signal);
  const unlinked: LinkFindings['gone'][number][] = [];
  const contactsOfNew = new Map<string, string[]>();
  for (const { ref, activityIds } of known) {
    const linked = new Map((links.get(ref.id) ?? []).map((link) => [activityId(type, link.id), link.id]));
    const had = new Set(activityIds.filter((id) => id.startsWith(activityId(type, ''))));
    unlinked.push(...[...had].filter((id) => !linked.has(id)).map((id) => ({ ref, activityId: id })));
    for (const [id, objectId] of linked) {
      if (!had.has(id)) contactsOfNew.set(objectId, [...(contactsOfNew.get(objectId) ?? []), ref.id]);
    }
  }
  const properties = engagementProperties(parts.mapping, type);
  const { records } = await batchRead(parts.http, { type, ids: [...contactsOfNew.keys()], properties }, signal);
  const items = records.map((object) => ({ object, contacts: contactsOfNew.get(object.id) ?? [] }));
  // What is linked but not mapped (a canceled meeting) was never known: it is no activity, and nothing is gone.
  return { activities: forContacts(parts, type, items).activities, gone: unlinked };
}
