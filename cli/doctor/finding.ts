// One thing that doctor looked at, and whose it is.
import type { SetupCheck } from '../../src/crm/connector.ts';

export interface Finding extends SetupCheck {
  /** `leadgrade`, or a CRM. */
  readonly part: string;
}
