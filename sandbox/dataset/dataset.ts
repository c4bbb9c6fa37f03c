// The seed data of a sandbox, independent of the CRM: each sandbox maps it to its own objects.
// Types only.

export interface SeedCompany {
  readonly key: string;
  readonly name: string;
  readonly domain: string;
  /** HubSpot's enumeration code, e.g. `COMPUTER_SOFTWARE`; null = not known. */
  readonly industry: string | null;
  readonly employees: number | null;
  /** Dollars a year. */
  readonly revenue: number | null;
  readonly country: string | null;
  readonly technologies: readonly string[];
  readonly lifecycle: string | null;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface SeedPerson {
  readonly key: string;
  /** `SeedCompany.key`, or null for a person without a company. */
  readonly company: string | null;
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly jobTitle: string | null;
  readonly seniority: string | null;
  readonly department: string | null;
  readonly phone: string | null;
  readonly country: string | null;
  readonly lifecycle: string | null;
  readonly leadSource: string | null;
  readonly optedOut: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** One inquiry of a person; a Lead in a CRM that has Leads. */
export interface SeedLead {
  readonly key: string;
  readonly person: string;
  readonly leadSource: string | null;
  readonly createdAt: number;
}

export type SeedAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SeedActivity {
  readonly person: string;
  /** `SeedLead.key` of the inquiry that it belongs to, if the data set has leads. */
  readonly lead?: string;
  /**
   * A canonical activity type, or one without a canonical type: `note`, `task`, `email_click_bot`,
   * and `sales_email` and `sales_email_bounce` for e-mails that a sales rep wrote (marketing
   * e-mails are `email_delivered` ...).
   */
  readonly type: string;
  /** Epoch ms. */
  readonly at: number;
  readonly attributes: SeedAttributes;
}

export interface SeedOpportunity {
  readonly key: string;
  readonly person: string;
  /** `SeedLead.key` of the inquiry that became it, if the data set has leads. */
  readonly lead?: string;
  readonly company: string | null;
  /** demo_scheduled, demo_completed, proposal_sent, negotiation, closed_won or closed_lost. */
  readonly stage: string;
  /** When it entered that stage, epoch ms. */
  readonly stageAt: number;
  /** Dollars. */
  readonly amount: number | null;
  readonly createdAt: number;
}

export interface Dataset {
  readonly companies: readonly SeedCompany[];
  readonly people: readonly SeedPerson[];
  /** Absent: each person is one lead with the person's key. */
  readonly leads?: readonly SeedLead[];
  readonly activities: readonly SeedActivity[];
  readonly opportunities: readonly SeedOpportunity[];
}
