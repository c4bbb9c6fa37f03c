// The seeded data set: the same for the same seed, and similar to a real portal.
import { expect, test } from 'vitest';
import { seededDataset } from '../../dataset/seeded.ts';

const now = new Date('2026-03-10T12:34:00Z');
const data = seededDataset({ contacts: 2000, seed: 7, now });
const dayMs = 86_400_000;

test('the same seed gives the same data, and another seed gives other data', () => {
  expect(seededDataset({ contacts: 2000, seed: 7, now })).toEqual(data);
  expect(seededDataset({ contacts: 2000, seed: 8, now })).not.toEqual(data);
});

test('the seeded data set has no date after now, and no activity older than 120 days and two hours', () => {
  for (const { at } of data.activities) {
    expect(at).toBeLessThan(now.getTime());
    expect(at).toBeGreaterThan(now.getTime() - 120 * dayMs - 2 * 3_600_000);
  }
  for (const { createdAt, modifiedAt } of data.people) {
    expect(createdAt).toBeLessThanOrEqual(modifiedAt);
    expect(modifiedAt).toBeLessThan(now.getTime());
  }
});

test('a full sync of 2,000 seeded contacts takes 120 to 250 calls', () => {
  const count = (types: readonly string[]) => data.activities.filter(({ type }) => types.includes(type)).length;
  const pages = (records: number, size: number) => Math.ceil(records / size);
  const engagements = [['meeting'], ['call'], ['sales_email', 'email_reply', 'sales_email_bounce'], ['note'], ['task']];
  const mails = ['email_delivered', 'email_open', 'email_open_bot', 'email_click', 'email_bounce', 'unsubscribe'];
  const calls =
    pages(data.people.length, 100) +
    pages(data.companies.length, 100) +
    pages(count(['page_view']), 100) +
    pages(count(['form_submission', 'webinar', 'content_download', 'trial_started']), 50) +
    pages(
      mails.reduce((sum, type) => sum + count([type]), 0),
      1000,
    ) +
    engagements.reduce((sum, types) => sum + pages(count(types), 100), 0);
  expect(calls).toBeGreaterThan(120);
  expect(calls).toBeLessThan(250);
  expect(count(['page_view'])).toBeGreaterThan(8000);
  expect(count(['page_view'])).toBeLessThan(10_000);
});

test('the seeded people include customers, students, unsubscribed people, people without a company, and junk values', () => {
  const countOf = (test: (person: (typeof data.people)[number]) => boolean) => data.people.filter(test).length;
  expect(countOf(({ lifecycle }) => lifecycle === 'customer')).toBeGreaterThan(40);
  expect(countOf(({ jobTitle }) => jobTitle === 'Student')).toBeGreaterThan(40);
  expect(countOf(({ optedOut }) => optedOut)).toBeGreaterThan(50);
  expect(countOf(({ company }) => company === null)).toBeGreaterThan(150);
  expect(countOf(({ email }) => email === null)).toBeGreaterThan(10);
  expect(countOf(({ jobTitle }) => jobTitle === 'n/a' || jobTitle === '-')).toBeGreaterThan(10);
});

test('seeded marketing e-mails have deliveries, opens by people and machines, clicks and bounces, and none after an unsubscribe', () => {
  const mails = data.activities.filter(({ attributes }) => typeof attributes.email === 'string');
  const countOf = (type: string) => mails.filter((each) => each.type === type).length;
  expect(countOf('email_delivered')).toBeGreaterThan(2000);
  for (const type of ['email_open', 'email_open_bot']) expect(countOf(type)).toBeGreaterThan(500);
  for (const type of ['email_click', 'email_bounce', 'unsubscribe']) expect(countOf(type)).toBeGreaterThan(30);
  const unsubscribedAt = new Map(
    mails.flatMap(({ type, person, at }) => (type === 'unsubscribe' ? [[person, at]] : [])),
  );
  expect(mails.filter(({ person, at }) => at > (unsubscribedAt.get(person) ?? Number.POSITIVE_INFINITY))).toEqual([]);
  expect(data.people.filter(({ key }) => unsubscribedAt.has(key)).every(({ optedOut }) => optedOut)).toBe(true);
});

test('seeded buyers are more active than other people', () => {
  const activities = Map.groupBy(data.activities, ({ person }) => person);
  const mean = (titles: readonly string[]) => {
    const chosen = data.people.filter(({ jobTitle }) => titles.includes(jobTitle ?? ''));
    return chosen.reduce((sum, { key }) => sum + (activities.get(key)?.length ?? 0), 0) / chosen.length;
  };
  const buyers = mean(['VP Marketing', 'VP Sales', 'Chief Revenue Officer', 'Director of Marketing Operations']);
  expect(buyers).toBeGreaterThan(2 * mean(['Student', 'Consultant', 'Marketing Intern', 'HR Manager']));
});

test('seeded e-mail addresses are unique and end in .example', () => {
  const emails = data.people.flatMap(({ email }) => (email === null ? [] : [email]));
  expect(new Set(emails).size).toBe(emails.length);
  expect(emails.every((email) => /^[a-z.]+\.\d+@[a-z0-9-]+\.example$/.test(email))).toBe(true);
});
