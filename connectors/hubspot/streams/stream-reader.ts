// The interface that every stream of this folder implements.
import type {
  ChangePage,
  ChangeStream,
  Cursor,
  ReconcilePage,
  ReconcileRequest,
  SetAsideParts,
} from '../../../src/crm/connector.ts';
import { cursorParser } from '../../kit/change-pages.ts';
import type { ProbeCall } from '../http/call.ts';

export interface StreamReader {
  readonly stream: ChangeStream;
  readonly access: StreamAccess;
  /**
   * The pages after `cursor`; null starts the full sync. A part that fails alone is listed in
   * `failed` of its page.
   */
  read(cursor: Cursor | null, signal: AbortSignal, setAside: SetAsideParts): AsyncIterable<ChangePage>;
  /** Absent for contacts, companies and counters: `listAllRecords` compares them. */
  reconcile?(request: ReconcileRequest, signal: AbortSignal): AsyncIterable<ReconcilePage>;
}

/** How to check, with one small call, whether the token and the portal give access to a stream. */
export interface StreamAccess {
  readonly probe: Omit<ProbeCall, 'what'>;
  /** What the probe reads, for its message; absent: the stream. */
  readonly probed?: string;
  /** How to get access, for a refusal that names no scope. */
  readonly fix?: string;
  /** The required subscription, if any; scopes alone are then not enough. */
  readonly subscription?: string;
  /** Another way out, or the consequence of having no access. */
  readonly alternative?: string;
  /** No record can be scored without this stream. */
  readonly isRequired?: true;
}

export function scopeFix(scope: string): string {
  return `Give the app the scope ${scope}, then install it again.`;
}

export const parseCursor = cursorParser('hubspot');
