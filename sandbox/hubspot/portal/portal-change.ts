// The changes in an account, each with its source. Webhooks report them. Values that HubSpot counts
// or derives itself are not reported.
import type { ObjectType } from '../object-types.ts';
import type { Properties } from '../records/record-table.ts';

/** The user, app or import that made a change, as property histories and webhooks name it. */
export interface ChangeSource {
  /** `CRM_UI`, `IMPORT`, `INTEGRATION` ... an open set. */
  readonly source: string;
  /** An app's ID, or `userId:` and a user's ID; '' if HubSpot's documents name none. */
  readonly sourceId: string;
}

/** A user of HubSpot's pages. */
export const USER: ChangeSource = { source: 'CRM_UI', sourceId: 'userId:1' };

/** Another app than the product's, as recorded. Its writes are not the product's own writes. */
const OTHER_APP: ChangeSource = { source: 'INTEGRATION', sourceId: '2931120' };

/** @param source as the control API names it */
export function changeSourceOf(source: string): ChangeSource {
  return [USER, OTHER_APP].find((known) => known.source === source) ?? { source, sourceId: '' };
}

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
