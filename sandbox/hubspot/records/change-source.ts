// What made a change, as property histories and webhooks name it.

/** The user, app, import or calculation that made a change. */
export interface ChangeSource {
  /** `CRM_UI`, `IMPORT`, `INTEGRATION` ... an open set. */
  readonly source: string;
  /** An app's ID, `userId:` and a user's ID, or the name of a calculation; null if none is known. */
  readonly sourceId: string | null;
}

const USER_PREFIX = 'userId:';

/** A user of HubSpot's pages. */
export const USER: ChangeSource = { source: 'CRM_UI', sourceId: `${USER_PREFIX}1` };

/** A value that HubSpot derives. */
export const CALCULATION: ChangeSource = { source: 'CALCULATED', sourceId: 'CalculatedPropertyComputer' };

/** Recorded histories and webhooks name these. The app is another one than the product's. */
const KNOWN: readonly ChangeSource[] = [
  USER,
  CALCULATION,
  { source: 'ANALYTICS', sourceId: 'WebAnalyticsPropertyCalculation' },
  { source: 'INTEGRATION', sourceId: '2931120' },
];

/**
 * Any other source has no ID, as in the example of an import in
 * https://developers.hubspot.com/docs/api-reference/legacy/webhooks/guide.
 */
export function changeSourceOf(source: string): ChangeSource {
  return KNOWN.find((known) => known.source === source) ?? { source, sourceId: null };
}

/** The ID of the user who made a change; null for any other source. */
export function userIdOf({ sourceId }: ChangeSource): number | null {
  return sourceId?.startsWith(USER_PREFIX) === true ? Number(sourceId.slice(USER_PREFIX.length)) : null;
}
