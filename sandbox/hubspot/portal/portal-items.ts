// The things that a portal stores beside its CRM records. Types only.
import type { DatedList } from '../records/dated-list.ts';

interface Submission {
  readonly id: string;
  readonly at: number;
  /** When the API begins to return it (epoch ms). */
  readonly visibleFrom: number;
  readonly pageUrl: string;
  readonly values: readonly { readonly name: string; readonly value: string; readonly objectTypeId: string }[];
}

export interface Form {
  readonly id: string;
  readonly name: string;
  readonly formType: 'hubspot' | 'captured' | 'flow' | 'blog_comment';
  /** Deleted, and still listed for a moment: its submissions are a 404. */
  isDeleted: boolean;
  readonly createdAt: number;
  readonly submissions: DatedList<Submission>;
}

/**
 * A rule of the portal that refuses each write of these contacts, whatever it writes
 * (https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement).
 */
export interface ValidationRule {
  readonly contactIds: readonly string[];
  readonly property: string;
  readonly error: string;
  readonly message: string;
}

export interface PageVisit {
  readonly id: string;
  readonly at: number;
  /** When the API begins to return it (epoch ms). */
  readonly visibleFrom: number;
  readonly eventType: 'e_visited_page';
  contactId: string;
  readonly properties: Readonly<Record<string, string>>;
}
