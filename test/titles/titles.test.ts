// What job titles say about people: the shipped dictionary against titles of public lists, each with the level that a
// person gives it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UNREADABLE } from '../../src/domain/lead.ts';
import { createTitleFields, createTitleReader } from '../../src/titles/read-title.ts';
import { readTitles } from '../../src/titles/titles-file.ts';
import { shippedTitles } from '../support/shipped-titles.ts';

const { level: levelOf, department: departmentOf } = createTitleReader(shippedTitles());

interface Labelled {
  readonly title: string;
  readonly level: string;
}

/** titles.csv: title,level; a title with a comma is quoted. */
const TITLES = readFileSync(new URL('titles.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line): Labelled => {
    const at = line.lastIndexOf(',');
    return { title: line.slice(0, at).replace(/^"|"$/g, ''), level: line.slice(at + 1) };
  });

describe('the shipped dictionary', () => {
  test('gives at least 97 % of 500 titles their level, and no other title the level executive', () => {
    const wrong = TITLES.filter(({ title, level }) => levelOf(title) !== level);
    const falseExecutives = wrong.filter(({ title }) => levelOf(title) === 'executive');
    expect(TITLES.length).toBeGreaterThan(500);
    expect(falseExecutives).toEqual([]);
    expect(wrong.length / TITLES.length).toBeLessThanOrEqual(0.03);
  });

  test('knows every level, and titles in English, German, French and Spanish', () => {
    const levels = new Set(TITLES.map(({ level }) => level));
    expect(levels.size).toBe(8);
    const texts = ['Head of Sales', 'Vertriebsleiterin', 'Directrice commerciale', 'Directora de Ventas'];
    expect(texts.map((title) => [levelOf(title), departmentOf(title)])).toEqual(texts.map(() => ['director', 'sales']));
  });

  test.each(['Accounts Payable Manager', 'AP Lead', 'AR Manager', 'Accounts Receivable Clerk'])(
    '%s works in finance',
    (title) => expect(departmentOf(title)).toBe('finance'),
  );

  test.each([
    ['Assistant to the CEO', 'assistant'],
    ['EA to CFO', 'assistant'],
    ["VP's Assistant", 'assistant'],
    ['Former CEO', 'former'],
    ['Retired VP', 'former'],
    ['Product Owner', 'specialist'],
    ['Business Owner', 'specialist'],
    ['C.E.O.', 'executive'],
    ['V.P. Sales', 'executive'],
    ['Head of Student Services', 'director'],
    ['Geschäftsführer:in (m/w/d)', 'executive'],
    ['CEO-Assistenz', 'assistant'],
  ])('"%s" is on the level %s', (title, level) => {
    expect(levelOf(title)).toBe(level);
  });

  test('a former position is left out beside a present one', () => {
    expect(levelOf('Former VP Sales, now CEO')).toBe('executive');
    expect(levelOf('CEO (retired)')).toBe('former');
  });

  test.each(['', '   ', '---', '🚀', '()', '.'.repeat(500), 'to to to', "'s"])(
    'a title without words, %j, has the level other',
    (title) => {
      expect(levelOf(title)).toBe('other');
    },
  );
});

describe('the fields made from a title', () => {
  const addFields = createTitleFields(shippedTitles());

  test('are added to the fields of a lead', () => {
    expect(addFields({ 'contact.job_title': 'CFO' })).toEqual({
      'contact.job_title': 'CFO',
      'contact.title_level': 'executive',
      'contact.title_department': 'finance',
    });
  });

  test('are unknown without a title', () => {
    expect(addFields({ 'contact.job_title': ' ' })).toEqual({ 'contact.job_title': ' ' });
    expect(addFields({})).toEqual({});
  });

  test('are as unreadable as the title, unless the mapping fills them', () => {
    expect(addFields({ 'contact.job_title': UNREADABLE, 'contact.title_department': 'finance' })).toEqual({
      'contact.job_title': UNREADABLE,
      'contact.title_level': UNREADABLE,
      'contact.title_department': 'finance',
    });
    expect(addFields({ 'contact.job_title': UNREADABLE })['contact.title_level']).toBe(UNREADABLE);
  });

  test('are those of the mapping where it fills them', () => {
    const fields = addFields({ 'contact.job_title': 'CFO', 'contact.title_level': 'manager' });
    expect(fields['contact.title_level']).toBe('manager');
  });
});

test('a dictionary with an unknown level is refused with file, line and path', () => {
  const { titles, problems } = readTitles(
    'works_for: []\nlevels: { boss: [] }\nignore: []\ndepartments: {}\n',
    't.yaml',
  );
  expect(titles).toBeNull();
  expect(problems.map(({ file, path }) => `${file} ${path}`)).toContain('t.yaml levels.boss');
});
