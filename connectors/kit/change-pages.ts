// What the streams of all connectors do alike: an empty page, and the reading of a cursor that was stored.
import type { z } from 'zod';
import type { ChangePage, Cursor } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

export function emptyPage(cursor: Cursor, whole: boolean): ChangePage {
  return { leads: [], dirty: [], activities: [], gone: [], outcomes: [], cursor, whole };
}

/**
 * Gives a connector what reads its cursors: the cursor as the stream writes it.
 * @throws ConnectorError `invalid`, from what is given, when the cursor was written by something else
 */
export function cursorParser(crm: string) {
  return <T>(schema: z.ZodType<T>, stream: string, cursor: Cursor): T => {
    const parsed = schema.safeParse(cursor);
    if (parsed.success) return parsed.data;
    throw new ConnectorError({
      kind: 'invalid',
      crm,
      message: `The stored cursor of the stream ${stream} cannot be read: ${parsed.error.issues[0]?.message ?? ''}`,
      code: 'CURSOR',
      fix: 'Read the stream from its beginning: leadgrade backfill.',
    });
  };
}
