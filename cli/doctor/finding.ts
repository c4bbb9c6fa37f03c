// One result of `npx leadgrade doctor`.
import type { SetupCheck } from '../../src/crm/connector.ts';

export interface Finding extends SetupCheck {
  /** `leadgrade`, or a CRM. */
  readonly part: string;
}
