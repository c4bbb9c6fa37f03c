// The seeded data set: the same for the same seed, and like a real portal.
import { expect, test } from 'vitest';
import { seededDataset } from '../../dataset/seeded.ts';

const now = new Date('2026-03-10T12:34:00Z');
const data = seededDataset({ contacts: 2000, seed: 7, now });
const dayMs = 86_400_000;

test('the same seed gives the same data, another seed another', () => {
  expect(seededDataset({ contacts: 2000, seed: 7, now })).toEqual(data);
  expect(seededDataset({ contacts: 2000, seed: 8, now })).not.toEqual(data);
});

test('nothing is dated after now, and no activity is older than 120 days and an hour', () => {
  for (const { at } of data.activities) {
    expect(at).toBeLessThan(now.getTime());
    expect(at).toBeGreaterThan(now.getTime() - 120 * dayMs - 2 * 3_600_000);
  }
  for (const { createdAt, modifiedAt } of data.people) {
    expect(createdAt).toBeLessThanOrEqual(modifiedAt);
    expect(modifiedAt).toBeLessThan(now.getTime());
  }
});

test('a whole first read takes 150 to 250 calls', () => {
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

test('there are customers, students, the unsubscribed, people without a company, and junk', () => {
  const having = (test: (person: (typeof data.people)[number]) => boolean) => data.people.filter(test).length;
  expect(having(({ lifecycle }) => lifecycle === 'customer')).toBeGreaterThan(40);
  expect(having(({ jobTitle }) => jobTitle === 'Student')).toBeGreaterThan(40);
  expect(having(({ optedOut }) => optedOut)).toBeGreaterThan(50);
  expect(having(({ company }) => company === null)).toBeGreaterThan(150);
  expect(having(({ email }) => email === null)).toBeGreaterThan(10);
  expect(having(({ jobTitle }) => jobTitle === 'n/a' || jobTitle === '-')).toBeGreaterThan(10);
});

test('marketing e-mails are delivered before they are opened, some by machines, and nobody who opted out gets another', () => {
  const mails = data.activities.filter(({ attributes }) => typeof attributes.email === 'string');
  const having = (type: string) => mails.filter((each) => each.type === type).length;
  expect(having('email_delivered')).toBeGreaterThan(2000);
  for (const type of ['email_open', 'email_open_bot']) expect(having(type)).toBeGreaterThan(500);
  for (const type of ['email_click', 'email_bounce', 'unsubscribe']) expect(having(type)).toBeGreaterThan(30);
  const left = new Map(mails.flatMap(({ type, person, at }) => (type === 'unsubscribe' ? [[person, at]] : [])));
  expect(mails.filter(({ person, at }) => at > (left.get(person) ?? Number.POSITIVE_INFINITY))).toEqual([]);
  expect(data.people.filter(({ key }) => left.has(key)).every(({ optedOut }) => optedOut)).toBe(true);
});

test('buyers are more active than others', () => {
  const activities = Map.groupBy(data.activities, ({ person }) => person);
  const mean = (titles: readonly string[]) => {
    const chosen = data.people.filter(({ jobTitle }) => titles.includes(jobTitle ?? ''));
    return chosen.reduce((sum, { key }) => sum + (activities.get(key)?.length ?? 0), 0) / chosen.length;
  };
  const buyers = mean(['VP Marketing', 'VP Sales', 'Chief Revenue Officer', 'Director of Marketing Operations']);
  expect(buyers).toBeGreaterThan(2 * mean(['Student', 'Consultant', 'Marketing Intern', 'HR Manager']));
});

test('e-mail addresses are unique and lead nowhere', () => {
  const emails = data.people.flatMap(({ email }) => (email === null ? [] : [email]));
  expect(new Set(emails).size).toBe(emails.length);
  expect(emails.every((email) => /^[a-z.]+\.\d+@[a-z0-9-]+\.example$/.test(email))).toBe(true);
});
