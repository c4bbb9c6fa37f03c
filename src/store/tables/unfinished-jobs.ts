// Jobs that began and have not ended.
import type { Instant } from './column-types.ts';

/** One row for each job that began. It is deleted when the job ends, however it ends. */
export interface UnfinishedJobsTable {
  /** The deduplication key of the job: its name and CRM. */
  key: string;
  job: string;
  crm: string | null;
  /** How often it began without an end. More than one: its process ended while it ran. */
  starts: number;
  started_at: Instant;
  /** From its third start on: when it may begin again if it does not end. */
  retry_at: Instant;
  /** When it was last not begun, as it was set aside. */
  skipped_at: Instant | null;
}
