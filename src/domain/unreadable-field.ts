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

/** What the descriptions of a CRM's objects say of the mapped fields. A field in neither list can be read. */
export interface FieldCheck {
  readonly unreadable: readonly UnreadableField[];
  /** Fields whose object was not described to this user: whether they can be read is as it was. */
  readonly undecided: readonly Pick<UnreadableField, 'object' | 'field'>[];
}
