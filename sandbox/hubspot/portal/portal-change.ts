// The changes in an account, each with its source. Webhooks report them. Values that HubSpot counts
// or derives itself are not reported.
import type { ObjectType } from '../object-types.ts';
import type { ChangeSource } from '../records/change-source.ts';
import type { Properties } from '../records/record-table.ts';

export type PortalChange = { readonly by: ChangeSource } & (
  | { readonly kind: 'created' | 'deleted' | 'restored'; readonly type: ObjectType; readonly id: string }
  /** `values`: the changed ones; "" = cleared. */
  | { readonly kind: 'changed'; readonly type: ObjectType; readonly id: string; readonly values: Properties }
  /** A privacy deletion of a contact. */
  | { readonly kind: 'erased'; readonly id: string }
  /**
   * Of contacts. `newId`: the primary, or a third contact. `moved`: the number of properties that it
   * inherited.
   */
  | {
      readonly kind: 'merged';
      readonly primaryId: string;
      readonly mergedId: string;
      readonly newId: string;
      readonly moved: number;
    }
  | {
      readonly kind: 'linked' | 'unlinked';
      readonly from: { readonly type: ObjectType; readonly id: string };
      readonly to: { readonly type: ObjectType; readonly id: string };
      readonly primary: boolean;
    }
);
