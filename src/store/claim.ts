// Taking rows for work that happens outside the database.

/** Up to `limit` rows for `by`, until the work is done or `until` has come. */
export interface Claim {
  readonly crm: string;
  readonly by: string;
  readonly limit: number;
  readonly now: Date;
  readonly until: Date;
}
