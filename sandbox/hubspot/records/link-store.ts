// Associations between records, stored in both directions.
import { OBJECT_KINDS, type ObjectType } from '../object-types.ts';

export interface LinkType {
  readonly category: 'HUBSPOT_DEFINED' | 'USER_DEFINED';
  readonly typeId: number;
  readonly label: string | null;
}

/**
 * HubSpot's type IDs, forward and reverse:
 * https://developers.hubspot.com/docs/api-reference/legacy/crm/associations
 */
const UNLABELED: Readonly<Record<string, readonly [number, number]>> = {
  'contacts>companies': [279, 280],
  'contacts>deals': [4, 3],
  'contacts>calls': [193, 194],
  'contacts>emails': [197, 198],
  'contacts>meetings': [199, 200],
  'contacts>notes': [201, 202],
  'contacts>tasks': [203, 204],
  'companies>deals': [342, 341],
  'companies>calls': [181, 182],
  'companies>emails': [185, 186],
  'companies>meetings': [187, 188],
  'companies>notes': [189, 190],
  'companies>tasks': [191, 192],
};

function unlabeled(from: ObjectType, to: ObjectType): LinkType | null {
  const typeId = UNLABELED[`${from}>${to}`]?.[0] ?? UNLABELED[`${to}>${from}`]?.[1];
  return typeId === undefined ? null : { category: 'HUBSPOT_DEFINED', typeId, label: null };
}

export interface Link {
  readonly to: string;
  readonly primary: boolean;
  /** The portal's own labels on this link. */
  readonly labels: readonly OwnLabel[];
}

/**
 * A label that a portal has defined. Its type ID is small, and can equal one of HubSpot's: only the
 * category tells them apart
 * (https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide).
 */
export interface OwnLabel {
  readonly typeId: number;
  readonly label: string;
}

type Target = Omit<Link, 'to'>;

export class LinkStore {
  readonly #links = new Map<string, Map<string, Map<string, Target>>>();

  /**
   * Links two records. `primary` is for contact and company only; any other company of the contact
   * loses it.
   */
  link(from: ObjectType, fromId: string, to: ObjectType, toId: string, primary = false): void {
    if (primary) {
      for (const other of this.linksOf(from, fromId, to)) {
        if (other.primary && other.to !== toId) this.link(from, fromId, to, other.to, false);
      }
    }
    const labels = this.#targets(from, fromId, to).get(toId)?.labels ?? [];
    this.#set(from, fromId, to, toId, { primary, labels });
  }

  /** Adds one of the portal's own labels to a link, which is created if it does not exist. */
  label(from: ObjectType, fromId: string, to: ObjectType, toId: string, label: OwnLabel): void {
    const { primary, labels } = this.#targets(from, fromId, to).get(toId) ?? { primary: false, labels: [] };
    this.#set(from, fromId, to, toId, { primary, labels: [...labels, label] });
  }

  #set(from: ObjectType, fromId: string, to: ObjectType, toId: string, target: Target): void {
    this.#targets(from, fromId, to).set(toId, target);
    this.#targets(to, toId, from).set(fromId, target);
  }

  unlink(from: ObjectType, fromId: string, to: ObjectType, toId: string): void {
    this.#targets(from, fromId, to).delete(toId);
    this.#targets(to, toId, from).delete(fromId);
  }

  linksOf(from: ObjectType, fromId: string, to: ObjectType): Link[] {
    const targets = this.#links.get(`${from}>${to}`)?.get(fromId);
    return targets ? Array.from(targets, ([id, target]) => ({ to: id, ...target })) : [];
  }

  /**
   * The association types of one link: a primary company has the labeled and the unlabeled type.
   */
  typesOf(from: ObjectType, to: ObjectType, link: Link): LinkType[] {
    const plain = unlabeled(from, to);
    if (!plain) return [];
    const label = { category: 'HUBSPOT_DEFINED', typeId: from === 'contacts' ? 1 : 2, label: 'Primary' } as const;
    const own = link.labels.map((each) => ({ category: 'USER_DEFINED' as const, ...each }));
    return [...own, ...(link.primary ? [label] : []), plain];
  }

  /** True if HubSpot has an association type between the two objects. */
  canLink(from: ObjectType, to: ObjectType): boolean {
    return unlabeled(from, to) !== null;
  }

  /** Removes all links of one record. @returns the removed links */
  removeAll(type: ObjectType, id: string): readonly { readonly type: ObjectType; readonly link: Link }[] {
    const removed = this.#allOf(type, id);
    for (const { type: other, link } of removed) this.unlink(type, id, other, link.to);
    return removed;
  }

  /**
   * Moves all links of one record to another of its type. A primary company stays primary only if
   * the target had none.
   */
  move(type: ObjectType, fromId: string, toId: string): void {
    for (const { type: other, link } of this.#allOf(type, fromId)) {
      const has = this.linksOf(type, toId, other);
      this.unlink(type, fromId, other, link.to);
      if (has.some(({ to }) => to === link.to)) continue;
      this.link(type, toId, other, link.to, link.primary && !has.some(({ primary }) => primary));
      for (const label of link.labels) this.label(type, toId, other, link.to, label);
    }
  }

  #allOf(type: ObjectType, id: string): { type: ObjectType; link: Link }[] {
    return OTHER_TYPES.flatMap((other) => this.linksOf(type, id, other).map((link) => ({ type: other, link })));
  }

  #targets(from: ObjectType, fromId: string, to: ObjectType): Map<string, Target> {
    const key = `${from}>${to}`;
    const byId = this.#links.get(key) ?? new Map<string, Map<string, Target>>();
    this.#links.set(key, byId);
    const targets = byId.get(fromId) ?? new Map<string, Target>();
    byId.set(fromId, targets);
    return targets;
  }
}

const OTHER_TYPES: readonly ObjectType[] = [
  'contacts',
  'companies',
  'deals',
  'calls',
  'emails',
  'meetings',
  'notes',
  'tasks',
];

/**
 * `contact_to_company` or `contact_to_company_unlabeled`: the names of association types in list
 * endpoints.
 */
export function listLinkType(from: ObjectType, to: ObjectType, primary: boolean): string {
  const name = `${OBJECT_KINDS[from].singular}_to_${OBJECT_KINDS[to].singular}`;
  return primary || (from !== 'contacts' && to !== 'contacts') ? name : `${name}_unlabeled`;
}
