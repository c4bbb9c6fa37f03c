// What could not be read or written, and when it is tried again.
import type { Generated } from 'kysely';
import type { Instant } from './column-types.ts';

/**
 * One row for each thing that is set aside: a part of a stream, a stream, a record. The row is
 * deleted when the thing is read or written.
 */
export interface SetAsideTable {
  id: Generated<number>;
  crm: string;
  /** The stream; for a record its object. */
  stream: string;
  /**
   * `OWN_KINDS` of src/store/set-aside/set-aside.ts, or a connector's kind of part: `form`,
   * `period`.
   */
  kind: string;
  /** Unique for this kind within the stream; empty = all of it. */
  part_id: string;
  code: string;
  /** The CRM's words. Only `npx leadgrade errors list` prints them. */
  message: string;
  fix: string | null;
  /** The CRM may succeed by itself: 5xx, a time-out. */
  is_temporary: Generated<boolean>;
  since: Instant;
  /** Failed attempts so far. */
  attempts: Generated<number>;
  /** When the next attempt is made. */
  retry_at: Instant;
}
