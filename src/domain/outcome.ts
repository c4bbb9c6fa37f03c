// The sales result of a lead: a deal that is open, won or lost, and the stages of its lifecycle.
// Stored for the review of the model and never scored. Types only.
export type DealState = 'open' | 'won' | 'lost';

export interface DealOutcome {
  /** Unique within a record: `deal:123`, or `lifecycle` (one per record). */
  readonly id: string;
  /** The stream that returns it (`deals`), or `lifecycle` if it is part of the record itself. */
  readonly source: string;
  readonly pipeline: string | null;
  /** The CRM's id of the current stage; null = unknown. */
  readonly stage: string | null;
  readonly state: DealState;
  readonly amount: number | null;
  /** Three letters, e.g. `EUR`; null = unknown. */
  readonly currency: string | null;
  /** Epoch milliseconds, like all instants here. */
  readonly createdAt: number | null;
  /** The instant at which it was won or lost; null for an open deal. */
  readonly closedAt: number | null;
  /** Past stages that the CRM reports, oldest first. */
  readonly stages: readonly { readonly stage: string; readonly enteredAt: number }[];
}
