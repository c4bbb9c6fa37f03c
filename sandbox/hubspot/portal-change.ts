// What changes in an account, and by whom: what its webhooks tell of. Nothing that HubSpot counts or derives by itself is told here.
import type { ObjectType } from './object-types.ts';
import type { Properties } from './records/record-table.ts';

/** Who made a change, as property histories and webhooks name it. */
export interface Author {
  /** `CRM_UI`, `IMPORT`, `INTEGRATION` ... an open set. */
  readonly source: string;
  /** Of an app its id, of a person `userId:` and the id; '' where documents tell none. */
  readonly sourceId: string;
}

/** A person in HubSpot's own pages. */
export const USER: Author = { source: 'CRM_UI', sourceId: 'userId:1' };

/** Another app than ours, as recorded: what it writes is none of our own writes. */
const OTHER_APP: Author = { source: 'INTEGRATION', sourceId: '2931120' };

/** The author behind a source that the control API names. */
export function changeSourceOf(source: string): Author {
  return [USER, OTHER_APP].find((author) => author.source === source) ?? { source, sourceId: '' };
}

export type PortalChange = { readonly by: Author } & (
  | { readonly kind: 'created' | 'deleted' | 'restored'; readonly type: ObjectType; readonly id: string }
  /** `values`: those that differ from before; "" = cleared. */
  | { readonly kind: 'changed'; readonly type: ObjectType; readonly id: string; readonly values: Properties }
  /** A contact, deleted for privacy. */
  | { readonly kind: 'erased'; readonly id: string }
  /** Contacts. `moved`: how many properties the primary got. */
  | { readonly kind: 'merged'; readonly primaryId: string; readonly mergedId: string; readonly moved: number }
  | {
      readonly kind: 'linked' | 'unlinked';
      readonly from: { readonly type: ObjectType; readonly id: string };
      readonly to: { readonly type: ObjectType; readonly id: string };
      readonly primary: boolean;
    }
);
