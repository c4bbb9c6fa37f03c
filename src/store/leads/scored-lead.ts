// What the caller of `scoreDueLeads` returns for a lead. Types only.
import type { LeadStates } from '../../domain/lead.ts';
import type { LeadMove } from '../../domain/limits/guard.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import type { ActiveGate, Grade } from '../../domain/score-result.ts';
import type { StoredLine } from '../../domain/stored-lines.ts';

export interface NewResult {
  readonly as_of: string;
  readonly model_hash: string;
  readonly cause: string;
  readonly grade: Grade;
  readonly coverage: number;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  readonly previous_status: string | null;
  readonly previous_grade: Grade | null;
  readonly cell: string | null;
  readonly thresholds: Readonly<Record<string, number>> | null;
  readonly contributions: readonly StoredLine[];
  readonly gates: readonly ActiveGate[];
}

/**
 * The decision for one record after a scoring; records without a decision stay as they are.
 * - `write`: the CRM gets `patch`.
 * - `in_sync`: the CRM holds the result already.
 * - `below_min_change`: the CRM holds an earlier result, and the difference is not worth a write.
 * - `respected`: the CRM holds another user's edit, which stays. Each scoring decides anew.
 */
export type WriteDecision = { readonly crm: string; readonly object: string; readonly id: string } & (
  | { readonly kind: 'write'; readonly patch: ScoreFieldValues }
  | { readonly kind: 'in_sync' | 'below_min_change' | 'respected' }
);

/** What a model says of a lead. */
export interface ModelScore {
  /** Null if the visible part equals the previous result. */
  readonly result: NewResult | null;
  /** The model does not score the lead: it is out of scope or of the model's `where`, or has no live record. */
  readonly unscored: boolean;
}

/** What the guard counts of a scored lead. */
export interface LeadGuard {
  /** The live models by which it has left its band, for a reason that counts. */
  readonly moves: readonly LeadMove[];
  /** No record of it is left. */
  readonly isGone?: boolean;
  /** The criteria and state signals that read a field which the CRM does not show. */
  readonly unreadable?: readonly Pick<LeadMove, 'model' | 'signal'>[];
}

/** Of the first model, and beside it of the others. */
export interface ScoredLead extends ModelScore {
  readonly leadId: number;
  /** By name; absent with one model, or if no other model scores the lead now or did so before. */
  readonly others?: ReadonlyMap<string, ModelScore>;
  /** Epoch ms. */
  readonly nextChangeAt: number | null;
  /** The lead has entered a better band. */
  readonly rises?: boolean;
  /** Absent: the guard counts nothing. */
  readonly guard?: LeadGuard;
  readonly records: readonly WriteDecision[];
  /** What the next scoring can use if only time passes; absent = as stored. */
  readonly state?: LeadStates;
  /** The decisions need the CRM's values: the lead is to be scored again with them. */
  readonly needsCrmValues?: boolean;
  /** The scoring failed: the lead keeps its result, and an error is recorded. */
  readonly failure?: string;
}
