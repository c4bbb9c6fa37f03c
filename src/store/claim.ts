// Claims: leases on rows for work outside the database.

export interface Claim {
  readonly crm: string;
  /** The claimant, e.g. `refresh-hubspot`. Its next claim replaces this one. */
  readonly by: string;
  readonly limit: number;
  readonly now: Date;
  /** End of the lease. */
  readonly until: Date;
}
