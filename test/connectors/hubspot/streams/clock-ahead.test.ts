// Cursors that a clock made while it was ahead: the changes until then must not be missed.
import { expect, test } from 'vitest';
import { notInFuture, searchFrom } from '../../../../connectors/hubspot/objects/search-cursor.ts';
import { type EventWindow, readWindows } from '../../../../connectors/hubspot/streams/event-windows.ts';

const NOW = new Date('2026-03-10T12:00:00Z');
const HOUR_MS = 3_600_000;
const AHEAD = new Date(NOW.getTime() + HOUR_MS);

test('a search that would start in an hour starts now', () => {
  expect(notInFuture(searchFrom(AHEAD), NOW)).toEqual(searchFrom(NOW));
});

test('a search that continues after a change that HubSpot has dated keeps its place', () => {
  const cursor = { ...searchFrom(NOW), last: NOW.getTime() + 1_000, lastSeenAt: NOW.getTime() };
  expect(notInFuture(cursor, NOW)).toBe(cursor);
});

test('page views are read up to now, although the last window ended in an hour', async () => {
  const windows: EventWindow[] = [];
  const source = {
    stream: 'page_views',
    dated: (event: { readonly id: string; readonly at: number }) => event,
    page: async (window: EventWindow) => {
      windows.push(window);
      return { events: [], next: null };
    },
    match: async () => ({ activities: [] }),
  };
  const cursor = { from: AHEAD.getTime(), to: null, after: null, seen: [], isFullSync: false };
  for await (const _page of readWindows({ clock: { now: () => NOW } }, source, cursor, new AbortController().signal));
  expect(windows).toHaveLength(1);
  expect(windows[0]?.to).toBe(NOW.getTime());
  expect(windows[0]?.from).toBeLessThan(NOW.getTime());
});
