// Marketing events (webinars, fairs) with the participation state of each contact.

export const ATTENDANCE_STATES = ['REGISTERED', 'ATTENDED', 'CANCELLED', 'NO_SHOW'] as const;
export type AttendanceState = (typeof ATTENDANCE_STATES)[number];

export interface MarketingEvent {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  readonly participations: Map<string, { readonly state: AttendanceState; readonly at: number }>;
}

const FIRST_ID = 440_000_001;

export class MarketingEvents {
  readonly all = new Map<string, MarketingEvent>();

  findOrCreate(name: string, now: number): MarketingEvent {
    const existing = [...this.all.values()].find((each) => each.name === name);
    if (existing) return existing;
    const id = String(FIRST_ID + this.all.size);
    const event = { id, name, createdAt: now, updatedAt: now, participations: new Map() };
    this.all.set(id, event);
    return event;
  }

  removeFromAll(contactId: string): void {
    for (const { participations } of this.all.values()) participations.delete(contactId);
  }

  /** The primary contact inherits the participations of the merged one, and keeps its own. */
  merge(primaryId: string, mergedId: string): void {
    for (const { participations } of this.all.values()) {
      const moved = participations.get(mergedId);
      participations.delete(mergedId);
      if (moved && !participations.has(primaryId)) participations.set(primaryId, moved);
    }
  }
}

/** The number of participations in a state. */
export function countIn({ participations }: MarketingEvent, state: AttendanceState): number {
  return [...participations.values()].filter((each) => each.state === state).length;
}
