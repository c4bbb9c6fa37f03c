// Which records are one person's: what matching is told of records, and what it answers. Types only; src/people decides, the
// store carries it out.
import type { RecordLink, RecordRef } from './crm-changes.ts';

/** A record that is there, as matching sees it. */
export interface MatchRecord extends RecordLink {
  /** The lead that it belongs to now. */
  readonly leadId: number;
  /** Its e-mail address in lower case; null = none. */
  readonly address: string | null;
  /** The records that its links lead to; only those that are there. */
  readonly linked: readonly RecordLink[];
}

/** One person. */
export interface PersonGroup {
  /** The lead whose history goes on with this person; null = a new one. */
  readonly leadId: number | null;
  readonly records: readonly MatchRecord[];
}

/** By what a person is named outside their record. */
export interface NamedRecord extends RecordRef {
  /** The addresses that it has and had, in lower case. */
  readonly emails: readonly string[];
}

/** Names a record in all CRMs. */
export function recordKey({ crm, object, id }: RecordLink): string {
  return `${crm}/${object}/${id}`;
}
