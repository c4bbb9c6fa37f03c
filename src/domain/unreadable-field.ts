// A mapped field that a CRM does not have or show.

export interface UnreadableField {
  /** The object of the records concerned: `contacts`, `Lead`. */
  readonly object: string;
  /** Canonical name. */
  readonly field: string;
  /** The properties that the mapping reads for it: `companies.industry`. */
  readonly source: string;
  /** A sentence without a full stop: "the property companies.industry does not exist in HubSpot". */
  readonly reason: string;
  readonly fix: string;
}
