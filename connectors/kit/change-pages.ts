// Pages and cursors that the streams of all connectors have in common.
import type { z } from 'zod';
import type { ChangePage, Cursor } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

export function emptyPage(cursor: Cursor, isFullSync: boolean): ChangePage {
  return { leads: [], dirty: [], activities: [], gone: [], outcomes: [], cursor, isFullSync };
}

/**
 * Creates the cursor parser of a connector: it returns the cursor as the stream wrote it.
 * @throws ConnectorError `invalid` (from the parser) when the cursor does not match the schema
 */
export function cursorParser(crm: string) {
  return <T>(schema: z.ZodType<T>, stream: string, cursor: Cursor): T => {
    const parsed = schema.safeParse(cursor);
    if (parsed.success) return parsed.data;
    throw new ConnectorError({
      kind: 'invalid',
      crm,
      message: `The stored cursor of the stream ${stream} is invalid: ${parsed.error.issues[0]?.message ?? ''}`,
      code: 'CURSOR',
      fix: 'Read the stream from its beginning: npx leadgrade backfill.',
    });
  };
}
