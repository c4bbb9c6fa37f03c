// The mapping of site events to activities: the shipped rules, custom rules, and mistakes in a
// file.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { SiteMessage } from '../../src/domain/site-event.ts';
import { createEventProjector, readEventsMapping } from '../../src/mapping/events-mapping.ts';

function message(kind: SiteMessage['kind'], properties: SiteMessage['properties']): SiteMessage {
  const anonymous = { email: null, record: null, userKey: null, anonymousKey: null };
  return { kind, messageId: 'm', at: Date.UTC(2026, 2, 10), properties, ...anonymous };
}

function projector(text: string) {
  const { mapping, problems } = readEventsMapping(text, 'events.yaml');
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return createEventProjector(mapping);
}

describe('the shipped rules', () => {
  const text = readFileSync('mappings/events.yaml', 'utf8');
  const project = projector(text);
  const track = (event: string, properties = {}) => project(message('track', { event, ...properties }));

  test('the shipped events mapping is valid', () => {
    expect(readEventsMapping(text, 'events.yaml').problems).toEqual([]);
  });

  test('a page message and a screen message become page views', () => {
    const properties = {
      'properties.url': 'https://a.example/pricing',
      'context.page.path': '/pricing',
      name: 'Pricing',
    };
    expect(project(message('page', properties))).toEqual({
      type: 'page_view',
      attributes: { url: 'https://a.example/pricing', path: '/pricing', title: 'Pricing', referrer: null },
    });
    expect(project(message('screen', { name: 'Plans' }))).toMatchObject({
      type: 'page_view',
      attributes: { path: 'Plans' },
    });
  });

  test.each([
    ['Demo Requested', {}, 'form_submission', { form: 'Demo Requested', page: null }],
    [
      'form submitted',
      { 'properties.form': 'Contact sales' },
      'form_submission',
      { form: 'Contact sales', page: null },
    ],
    ['Trial Started', { 'properties.plan': 'Team' }, 'trial_started', { product: 'Team' }],
    [
      'Webinar Attended',
      { 'properties.name': 'Scoring', 'properties.attended': true },
      'webinar',
      { name: 'Scoring', attended: true },
    ],
    ['Content Downloaded', { 'properties.title': 'Guide' }, 'content_download', { name: 'Guide', kind: null }],
    [
      'Invited a colleague',
      { 'properties.email': 'kim@acme.example' },
      'product_use',
      { event: 'Invited a colleague' },
    ],
  ])('the track message "%s" with %j becomes a %s', (event, properties, type, attributes) => {
    expect(track(event, properties)).toEqual({ type, attributes });
  });

  test('an identify message becomes no activity', () => {
    expect(project(message('identify', { 'traits.email': 'kim@acme.example' }))).toBeNull();
  });
});

describe('custom rules', () => {
  test('a custom rule reads nested message fields and translates values with a table', () => {
    const project = projector(`
      tables: { plan: { p_1: Team } }
      activities:
        - from: [track, identify]
          type: plan_changed
          when: { all: [{ field: properties.plan.seats, gte: 10 }, { field: context.page.path, present: false }] }
          attributes:
            plan: { from: [traits.plan, properties.plan.Internal Name], table: plan }
            seats: { from: properties.plan.seats, as: number }`);
    const properties = { 'properties.plan.seats': 12, 'properties.plan.Internal Name': 'p_1' };
    const expected = { type: 'plan_changed', attributes: { plan: 'Team', seats: 12 } };
    expect(project(message('track', properties))).toEqual(expected);
    expect(project(message('identify', properties))).toEqual(expected);
    expect(project(message('page', properties))).toBeNull();
    expect(project(message('track', { ...properties, 'properties.plan.seats': 9 }))).toBeNull();
  });

  test('a long text attribute of a site event is cut to 1000 characters', () => {
    const project = projector('activities: [{ from: track, type: chat, attributes: { text: properties.text } }]');
    const attributes = project(message('track', { 'properties.text': 'x'.repeat(5_000) }))?.attributes;
    expect(String(attributes?.text)).toHaveLength(1_000);
  });

  test.each([
    ['activities: [{ from: clicks, type: chat }]', 'error', 'activities[0].from'],
    ['activities: [{ from: track, type: chat, at: timestamp }]', 'error', 'activities[0].at'],
    ['activities: [{ from: track, type: chat, when: { is: x } }]', 'error', 'activities[0].when'],
    ['activities: [{ from: track, type: chat, when: { field: plan, is: x } }]', 'error', 'activities[0].when'],
    ['activities: [{ from: track, type: chat, attributes: { a: userId } }]', 'error', 'activities[0].attributes.a'],
    [
      'activities: [{ from: track, type: chat, attributes: { a: { from: event, table: t } } }]',
      'error',
      'activities[0].attributes.a.table',
    ],
    ['activities: [{ from: track, type: chats }]', 'warning', 'activities[0].type'],
    ['rules: []', 'error', 'rules'],
  ])('the events mapping %s is reported as %s at %s', (text, level, path) => {
    const { mapping, problems } = readEventsMapping(text, 'events.yaml');
    expect(mapping === null).toBe(level === 'error');
    expect(problems[0]).toMatchObject({ level, file: 'events.yaml' });
    expect(problems.map((problem) => problem.path)).toContain(path);
  });
});
