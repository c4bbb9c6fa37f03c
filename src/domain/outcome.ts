// What became of a lead: a deal that is open, won or lost, and the stages of its life as a lead. Kept for the review of the
// model; nothing scores it. Types only.
export type DealState = 'open' | 'won' | 'lost';

export interface DealOutcome {
  /** Unique among those of a record: `deal:123`; `lifecycle`, of which there is one. */
  readonly id: string;
  /** The stream that shows it (`deals`), or `lifecycle` where it comes with the record itself. */
  readonly source: string;
  readonly pipeline: string | null;
  /** The stage that it is in, by the CRM's id; null = unknown. */
  readonly stage: string | null;
  readonly state: DealState;
  readonly amount: number | null;
  /** Three letters, e.g. `EUR`; null = unknown. */
  readonly currency: string | null;
  /** Epoch milliseconds, as all instants here. */
  readonly createdAt: number | null;
  /** When it was won or lost; of an open one, null. */
  readonly closedAt: number | null;
  /** The stages that it was in, as far as the CRM tells, oldest first. */
  readonly stages: readonly { readonly stage: string; readonly enteredAt: number }[];
}
