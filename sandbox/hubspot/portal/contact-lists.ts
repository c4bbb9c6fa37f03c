// Lists of contacts (HubSpot calls them segments): their members, and when each joined.

export type ListType = 'MANUAL' | 'DYNAMIC' | 'SNAPSHOT';

export interface ContactList {
  readonly id: string;
  readonly name: string;
  readonly type: ListType;
  readonly createdAt: number;
  updatedAt: number;
  /** When the last member joined; unchanged when that member leaves. */
  lastAddedAt: number | null;
  /** Epoch ms of joining, by contact ID. */
  readonly members: Map<string, number>;
}

const FIRST_ID = 8;

export class ContactLists {
  readonly all = new Map<string, ContactList>();
  #created = 0;

  create(name: string, type: ListType, now: number): ContactList {
    const id = String(FIRST_ID + this.#created++);
    const list = { id, name, type, createdAt: now, updatedAt: now, lastAddedAt: null, members: new Map() };
    this.all.set(id, list);
    return list;
  }

  findOrCreate(name: string, now: number): ContactList {
    return [...this.all.values()].find((list) => list.name === name) ?? this.create(name, 'MANUAL', now);
  }

  /** A contact that is a member already keeps its first joining time. */
  join(list: ContactList, contactId: string, at: number): void {
    if (list.members.has(contactId)) return;
    list.members.set(contactId, at);
    list.lastAddedAt = Math.max(list.lastAddedAt ?? at, at);
  }

  removeFromAll(contactId: string): void {
    for (const { members } of this.all.values()) members.delete(contactId);
  }

  /**
   * The primary contact inherits the memberships of the merged one, and keeps its own joining
   * times.
   */
  merge(primaryId: string, mergedId: string): void {
    for (const { members } of this.all.values()) {
      const since = members.get(mergedId);
      members.delete(mergedId);
      if (since !== undefined && !members.has(primaryId)) members.set(primaryId, since);
    }
  }
}

/** The members by joining time; equal times by ID. */
export function inJoinOrder({ members }: ContactList): readonly (readonly [contactId: string, at: number])[] {
  return [...members].toSorted(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1));
}
