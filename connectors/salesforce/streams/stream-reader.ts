// The interface that every stream of this folder implements.
import type {
  ChangePage,
  ChangeStream,
  Cursor,
  ReconcilePage,
  ReconcileRequest,
  SetAsideParts,
  StreamAvailability,
} from '../../../src/crm/connector.ts';
import { cursorParser } from '../../kit/change-pages.ts';

export interface StreamReader {
  readonly stream: ChangeStream;
  /** The object that the stream reads. */
  readonly object: string;
  /** Why this user cannot read the stream, with a fix; null if the user can read it. */
  checkAvailability(signal: AbortSignal): Promise<StreamAvailability['unavailable']>;
  /** The pages after `cursor`; null starts the full sync. */
  read(cursor: Cursor | null, signal: AbortSignal, setAside?: SetAsideParts): AsyncIterable<ChangePage>;
  /** Absent for people and Accounts: `listAllRecords` compares them. */
  reconcile?(request: ReconcileRequest, signal: AbortSignal): AsyncIterable<ReconcilePage>;
}

export const parseCursor = cursorParser('salesforce');
