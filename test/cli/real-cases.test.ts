// Files from public bug reports of other products, each with what a person must read about it: the
// whole output of `validate` or `score`, without the lines that all of them have.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leadgradeHere } from './run-command.ts';

const FOLDER = join(import.meta.dirname, 'real-cases');
const file = (name: string) => join(FOLDER, name);
const withoutFolder = (text: string) => text.replaceAll(`${FOLDER}/`, '').split('\n').filter(Boolean);

describe('validate says of a file', () => {
  test.each([
    [
      'model-typo-key.yaml',
      [
        'error: model-typo-key.yaml:8:21 fit.criteria[0].cases[0].when.has_words: unknown key "has_words": did you mean has_word? Write has_word: [vp, director]',
        'error: model-typo-key.yaml:9:44 fit.criteria[0].cases[1].point: unknown key "point": did you mean points? Write points: 8',
      ],
    ],
    [
      'model-version-number.yaml',
      ['error: model-version-number.yaml:2:10 version: version must be text, not the number 1.0. Write version: "1.0"'],
    ],
    [
      'model-missing-points.yaml',
      [
        'error: model-missing-points.yaml:9:11 fit.criteria[0].cases[1].points: points is missing. Add it, for example points: 10',
      ],
    ],
    [
      'model-empty.yaml',
      [
        'error: model-empty.yaml:1:1: the file is empty. Begin with name: my-model, version: "1" and status, or copy mappings/model.yaml.',
      ],
    ],
    [
      'model-missing-section.yaml',
      [
        'error: model-missing-section.yaml:1:1 status: status is missing. Add it, for example status: { bands: [ { id: hot, at_least: 80 }, { id: cold } ] }',
      ],
    ],
    [
      'model-band-order.yaml',
      [
        'error: model-band-order.yaml:25:40 status.bands[1].at_least: the bands do not fall: cold begins at 0 and, after it, mql at 50, so no lead is ever mql. All leads below 0 are hot. Write the best band first: hot, mql, cold.',
      ],
    ],
    [
      'model-band-order-negative.yaml',
      [
        'error: model-band-order-negative.yaml:25:40 status.bands[1].at_least: the bands do not fall: cold begins at 0 and, after it, mql at 50, so no lead is ever mql. All leads below 0 are hot. Write the best band first: hot, mql, cold.',
      ],
    ],
    [
      'model-overlap.yaml',
      [
        'error: model-overlap.yaml:16:19 fit.criteria[1].cases[3].when: this case can never match: case 3 above takes every lead that it is for. Move it above case 3, or narrow that case.',
      ],
    ],
    [
      'model-boolean-yes.yaml',
      [
        'error: model-boolean-yes.yaml:6:45 behavior.signals[0].when: contact.email_opt_out is true or false, never the text "yes". Write is: true',
        'error: model-boolean-yes.yaml:7:53 behavior.signals[1].when: contact.email_opt_out is true or false, never the text "true". Write is: true',
      ],
    ],
    [
      'mapping-missing-csv.yaml',
      ['error: mapping-missing-csv.yaml:1:1 id: "id" belongs under csv. Write csv: { id: id }'],
    ],
  ])('%s what is wrong, where, and the line to write', async (name, errors) => {
    const { code, stdout } = await leadgradeHere(['validate', file(name)]);
    expect([code, withoutFolder(stdout).filter((line) => line.startsWith('error'))]).toEqual([2, errors]);
  });
});

const OF_ALL = /as delimiter\.$|^The model (?:asks|counts)/;

/** `id total` of each lead, and what is printed beside the results. */
async function score(csv: string, mapping: string, asOf = '2024-03-08T12:13:20Z') {
  const files = ['--csv', file(csv), '--mapping', file(mapping), '--model', 'mappings/model.yaml'];
  const { code, stdout, stderr } = await leadgradeHere(['score', ...files, '--as-of', asOf, '--json']);
  const results = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const leads = results.map(({ id, total, error }) => `${id} ${error === undefined ? total : 'not scored'}`);
  return { code, leads, said: withoutFolder(stderr).filter((line) => !OF_ALL.test(line)), results };
}

describe('score prints of', () => {
  test('a Salesforce report its leads, and one line on its footer', async () => {
    const { code, leads, said } = await score('01-sf-report-footer.csv', '01-sf-report-footer.mapping.yaml');
    expect([code, leads]).toEqual([0, ['00Q5g00000AbcDe 55', '00Q5g00000AbcDf 40']]);
    expect(said).toEqual([
      '01-sf-report-footer.csv: lines 6 to 10 are the footer of a Salesforce report; they are left out.',
    ]);
  });

  test('a Salesforce report a field that the model asks under another name', async () => {
    const args = ['--csv', file('01-sf-report-footer.csv'), '--mapping', file('01-sf-report-footer.mapping.yaml')];
    const { stderr } = await leadgradeHere(['score', ...args, '--model', 'mappings/model.yaml', '--sample']);
    expect(withoutFolder(stderr).filter((line) => line.startsWith('The model asks'))).toEqual([
      'The model asks for company.industry, company.country, company.technologies, contact.email_opt_out, which the mapping does not give: unknown for every lead, with 45 % of the fit points. It gives contact.country; if that is the same here, write company.country: { from: Country, as: country }.',
    ]);
    expect(withoutFolder(stderr).filter((line) => line.startsWith('The model counts'))).toHaveLength(1);
  });

  test('a grouped report three leads, and that subtotals are none', async () => {
    const { code, leads, said } = await score('02-sf-grouped-report.csv', '02-sf-grouped-report.mapping.yaml');
    const none = 'null not scored';
    expect([code, leads]).toEqual([
      1,
      ['00Q000000000001 55', '00Q000000000002 50', none, '00Q000000000003 -2', none, none],
    ]);
    expect(said[0]).toBe(
      '02-sf-grouped-report.csv: 3 rows are summaries of a report (subtotal, count, total) and no lead. Export the report as "Details Only": a grouped report also leaves cells blank that repeat the group.',
    );
  });

  test('opt-outs in many words 30 points less for each, and the word that is neither yes nor no', async () => {
    const { code, results, said } = await score('17-booleans.csv', '17-booleans.mapping.yaml');
    const unsubscribed = results.map(({ contributions }) =>
      contributions.some((each: { signal: string; exact: number }) => {
        return each.signal === 'unsubscribed' && each.exact === -20;
      }),
    );
    expect([code, unsubscribed]).toEqual([0, [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0].map(Boolean)]);
    expect(said).toEqual([
      '17-booleans.csv: 1 cell is read as unknown: neither yes nor no: "Opted out" (column "optout"). Translate them with a table: tables: { answers: { "Opted out": true } }, and table: answers at the field; or list them under csv.unknown.',
    ]);
  });

  test('Unix seconds that they are no dates, while milliseconds and ISO 8601 are', async () => {
    const { code, leads, said } = await score('22-epoch-seconds.csv', '22-epoch-seconds.mapping.yaml');
    expect([code, leads]).toEqual([1, ['s1 not scored', 's2 65', 's3 65', 's4 not scored']]);
    expect(said[0]).toBe(
      '22-epoch-seconds.csv:2 · column "demo_at": "1709900000" looks like a Unix time in seconds (8 March 2024); milliseconds or ISO 8601 are read. Append three zeros (milliseconds), or write 2024-03-08T12:00:00Z.',
    );
  });

  test('countries in 37 of 41 writings their points, and the four that are none', async () => {
    const { code, results, said } = await score('13-countries.csv', '13-countries.mapping.yaml');
    const unknown = results.filter(({ contributions }) =>
      contributions.some((each: { signal: string; outcome: string }) => {
        return each.signal === 'country' && each.outcome === 'unknown';
      }),
    );
    expect([code, unknown.map(({ id }) => id)]).toEqual([0, ['11', '12', '16', '36']]);
    expect(said).toEqual([
      '13-countries.csv: 1 cell is read as unknown: "NULL" (column "country"). For more texts write unknown: [...] under csv; to keep one as a value write known: ["NULL"].',
      '13-countries.csv: 3 cells are read as unknown: no country that Leadgrade knows: "Other" 1, "EMEA" 1, "Congo" 1 (column "country"). Translate them with a table: tables: { countries: { "Other": the code } }, and table: countries at the field; or list them under csv.unknown.',
    ]);
  });

  test('assistants, owners of a product and former executives what they are: no grade A', async () => {
    const { results } = await score('titles.csv', 'titles.mapping.yaml');
    expect(results.map(({ id, grade, fit }) => `${id} ${grade} ${fit.score}`)).toEqual([
      ...['t001 B 55', 't002 B 55', 't003 B 55', 't027 B 63', 't028 B 63', 't029 B 63'],
      ...['t071 B 55', 't073 B 55', 't077 B 55'],
    ]);
  });

  test.each([
    [
      'mapping-missing-csv.yaml',
      'mapping-missing-csv.yaml:1 id: csv is missing, and the column of the id belongs there. Write csv: { id: id } in place of id: id.',
    ],
    [
      'mapping-of-a-crm.yaml',
      'mapping-of-a-crm.yaml: this is the mapping of a CRM (crm: hubspot), not the mapping of a CSV export, which begins with csv: { id: ... }. docs/exports.md has an example.',
    ],
  ])('the mapping %s why it cannot be used', async (name, line) => {
    const { code, said } = await score('titles.csv', name);
    expect([code, said]).toEqual([2, [line]]);
  });
});
