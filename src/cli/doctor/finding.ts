// One thing that doctor looked at, and whose it is.
import type { SetupCheck } from '../../../connectors/connector.ts';

export interface Finding extends SetupCheck {
  /** `leadgrade`, or a CRM. */
  readonly part: string;
}
