// Marketing events: webinars and fairs, with what became of each contact's registration.

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

  findOrMake(name: string, now: number): MarketingEvent {
    const known = [...this.all.values()].find((event) => event.name === name);
    if (known) return known;
    const id = String(FIRST_ID + this.all.size);
    const event = { id, name, createdAt: now, updatedAt: now, participations: new Map() };
    this.all.set(id, event);
    return event;
  }

  leaveAll(contactId: string): void {
    for (const { participations } of this.all.values()) participations.delete(contactId);
  }

  merge(primaryId: string, mergedId: string): void {
    for (const { participations } of this.all.values()) {
      const moved = participations.get(mergedId);
      participations.delete(mergedId);
      if (moved && !participations.has(primaryId)) participations.set(primaryId, moved);
    }
  }
}

/** How many are in that state. */
export function countIn({ participations }: MarketingEvent, state: AttendanceState): number {
  return [...participations.values()].filter((each) => each.state === state).length;
}
