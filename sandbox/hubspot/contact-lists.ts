// Lists of contacts (HubSpot calls them segments): who is in, and since when.

export type ListType = 'MANUAL' | 'DYNAMIC' | 'SNAPSHOT';

export interface ContactList {
  readonly id: string;
  readonly name: string;
  readonly type: ListType;
  readonly createdAt: number;
  updatedAt: number;
  /** When somebody joined last; stays when that one leaves. */
  lastAddedAt: number | null;
  /** By contact: since when. */
  readonly members: Map<string, number>;
}

const FIRST_ID = 8;

export class ContactLists {
  readonly all = new Map<string, ContactList>();
  #made = 0;

  make(name: string, type: ListType, now: number): ContactList {
    const id = String(FIRST_ID + this.#made++);
    const list = { id, name, type, createdAt: now, updatedAt: now, lastAddedAt: null, members: new Map() };
    this.all.set(id, list);
    return list;
  }

  findOrMake(name: string, now: number): ContactList {
    return [...this.all.values()].find((list) => list.name === name) ?? this.make(name, 'MANUAL', now);
  }

  /** Who is in already stays in since then. */
  join(list: ContactList, contactId: string, at: number): void {
    if (list.members.has(contactId)) return;
    list.members.set(contactId, at);
    list.lastAddedAt = Math.max(list.lastAddedAt ?? at, at);
  }

  leaveAll(contactId: string): void {
    for (const { members } of this.all.values()) members.delete(contactId);
  }

  /** The primary takes the place of the merged, or keeps its own. */
  merge(primaryId: string, mergedId: string): void {
    for (const { members } of this.all.values()) {
      const since = members.get(mergedId);
      members.delete(mergedId);
      if (since !== undefined && !members.has(primaryId)) members.set(primaryId, since);
    }
  }
}

/** In the order in which they joined; equal instants by id. */
export function inJoinOrder({ members }: ContactList): readonly (readonly [contactId: string, at: number])[] {
  return [...members].toSorted(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1));
}
