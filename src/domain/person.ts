// Input and result of matching records to persons. Types only: src/people decides, the store
// applies the decision.
import type { RecordLink, RecordRef } from './crm-changes.ts';

/** The names of a record; null = unknown. */
export interface PersonName {
  readonly first: string | null;
  readonly last: string | null;
}

/** An existing record with the data that matching uses. */
export interface MatchRecord extends RecordLink {
  /** The lead that the record belongs to now. */
  readonly leadId: number;
  /** All its e-mail addresses in normal form (email-address.ts). */
  readonly addresses: readonly string[];
  readonly name: PersonName;
  /** Existing records that its links point to. */
  readonly linked: readonly RecordLink[];
}

/** The records of one person. */
export interface PersonGroup {
  /** The lead whose history the person continues; null = a new lead. */
  readonly leadId: number | null;
  readonly records: readonly MatchRecord[];
}

/** A record with the addresses by which other data refers to its person. */
export interface RecordEmails extends RecordRef {
  /** Current and former addresses, in normal form. */
  readonly emails: readonly string[];
}

/** A key that is unique over all CRMs: `hubspot/contacts/123`. */
export function recordKey({ crm, object, id }: RecordLink): string {
  return `${crm}/${object}/${id}`;
}
