// Cursors that a clock made while it was ahead: the changes until then must not be missed.
import { expect, test } from 'vitest';
import { notInFuture, searchFrom } from '../../../../connectors/hubspot/objects/search-cursor.ts';
import { connect, hubspot, NOW, pagesOf } from '../hubspot-fixture.ts';

const AHEAD = new Date(NOW.getTime() + 3_600_000);

test('a search that would start in an hour starts now', () => {
  expect(notInFuture(searchFrom(AHEAD), NOW)).toEqual(searchFrom(NOW));
});

test('a search that continues after a change that HubSpot has dated keeps its place', () => {
  const cursor = { ...searchFrom(NOW), last: NOW.getTime() + 1_000, lastSeenAt: NOW.getTime() };
  expect(notInFuture(cursor, NOW)).toBe(cursor);
});

test('page views are read up to now, although the last window ended in an hour', async () => {
  const windows: { readonly after: string; readonly before: string }[] = [];
  hubspot()
    .get(/event-occurrences/)
    .query(({ occurredAfter, occurredBefore }) => {
      windows.push({ after: String(occurredAfter), before: String(occurredBefore) });
      return true;
    })
    .reply(200, { results: [] });
  const cursor = { from: AHEAD.getTime(), to: null, after: null, seen: [], isFullSync: false };
  await pagesOf(connect(), 'page_views', cursor);
  expect(windows.at(-1)?.before).toBe(NOW.toISOString());
  expect(Date.parse(windows.at(-1)?.after ?? '')).toBeLessThan(NOW.getTime());
});
