// Every kind of problem of model, mappings, settings, people and events, with the sentence that a
// person reads. No sentence contains a parser's words.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from 'yaml';
import { z } from 'zod';
import { readText } from '../../cli/model-files/read-text.ts';
import { readConfig } from '../../cli/product/config.ts';
import { settingsSchema as hubspotSettings } from '../../connectors/hubspot/http/settings.ts';
import { settingsSchema as salesforceSettings } from '../../connectors/salesforce/http/settings.ts';
import { csvMappingSchema, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { formatProblems, type Problem } from '../../src/domain/problem.ts';
import { eventsMappingSchema, readEventsMapping } from '../../src/mapping/events-mapping.ts';
import { mappingSchema, readMapping } from '../../src/mapping/mapping.ts';
import { peopleSchema, readPeople } from '../../src/people/people-policy.ts';
import { exampleOf } from '../../src/problems/examples.ts';
import { allKeys } from '../../src/problems/schema-at.ts';
import { SYNTAX_CODES } from '../../src/problems/yaml-sentences.ts';
import { parseInWords } from '../../src/problems/zod-sentences.ts';
import { modelSetSchema } from '../../src/scoring/model-set/model-set-schema.ts';
import { modelSchema, readModel } from '../../src/scoring/schemas/model.ts';
import { titlesSchema } from '../../src/titles/titles-schema.ts';

const PARSER_WORDS =
  /expected|received|invalid input|undefined|nested mappings|compact|regex|union|\(got |implicit|block (sequence|collection|scalar)|flow (map|sequence|collection)|scalar|yaml token|zod|unrecognized|too (small|big)|\[object/i;

function lines(problems: readonly Problem[]): string[] {
  return formatProblems(problems);
}

function modelLines(text: string): string[] {
  return lines(readModel(text, 'm.yaml').problems);
}

const HEAD = 'name: m\nversion: "1"\n';
const STATUS = 'status: { bands: [ { id: all } ] }\n';
const VALID = HEAD + STATUS;
const signal = (text: string) => `${VALID}behavior:\n  signals:\n    - ${text}\n`;
const when = (text: string) => signal(`{ id: a, when: { field: contact.need, ${text} }, points: 1 }`);
const band = (label: string) => `${HEAD}status:\n  bands:\n    - id: all\n      ${label}\n`;

/** What is wrong, the file, and the sentence. */
type Case = readonly [what: string, text: string, sentence: string];

const SYNTAX: readonly Case[] = [
  [
    'a tab as indentation',
    'name: m\n\tversion: "1"\n',
    'm.yaml:2:1: a tab stands at the beginning of the line, where only spaces may stand. Replace it by spaces, two for each level.',
  ],
  [
    'tabs in several lines',
    `${VALID}fit:\n\tcriteria: []\n\tgrades: {}\n`,
    'm.yaml:5:1: a tab stands at the beginning of the line, where only spaces may stand. Also in line 6. Replace it by spaces, two for each level.',
  ],
  [
    'a colon in a text',
    band('label: Hot: call now'),
    'm.yaml:6:14: a label with a colon needs quotes. Write label: "Hot: call now"',
  ],
  [
    'a colon in a text in braces',
    `${HEAD}status: { bands: [ { id: all, label: Hot: call now } ] }\n`,
    'm.yaml:3:38: a label with a colon needs quotes. Write label: "Hot: call now"',
  ],
  [
    'a missing comma',
    `${HEAD}status: { bands: [ { id: all label: Hot } ] }\n`,
    'm.yaml:3:26: a comma is missing between "all" and "label". Write all, label:',
  ],
  [
    'curly quotes',
    `name: m\nversion: “1”\n${STATUS}`,
    'm.yaml:2:10: curly quotes are part of the text here: "“1”". Write "1"',
  ],
  [
    'an unclosed double quote',
    `name: "m\nversion: "1"\n${STATUS}`,
    'm.yaml:1:7: a quote (") is opened here and never closed. Write " at the end of the text.',
  ],
  [
    'an unclosed single quote',
    `name: m\nversion: '1\n${STATUS}`,
    "m.yaml:2:10: a quote (') is opened here and never closed. Write ' at the end of the text.",
  ],
  [
    'an apostrophe in single quotes',
    `name: 'don't'\n${STATUS}`,
    `m.yaml:1:12: text stands after the closing quote: "t'". Write name: "don't"`,
  ],
  [
    'a key that stands twice',
    `${VALID}behavior: { signals: [] }\nfit: { criteria: [] }\nbehavior: { signals: [] }\n`,
    'm.yaml:6:1: "behavior" stands twice (lines 4 and 6). Keep one of them, with the entries of both.',
  ],
  [
    '@ at the beginning',
    band('label: @home'),
    'm.yaml:6:14: a text that begins with @ needs quotes. Write label: "@home"',
  ],
  ['% at the beginning', band('label: %x'), 'm.yaml:6:14: a text that begins with % needs quotes. Write label: "%x"'],
  [
    '* at the beginning',
    band('label: *hot* lead'),
    'm.yaml:6:20: a text that begins with * needs quotes. Write label: "*hot* lead"',
  ],
  [
    '* in a list',
    signal('{ id: a, activity: page_view, where: { path: { contains: [*.pdf] } }, points: 1 }'),
    'm.yaml:6:65: a text that begins with * needs quotes: *.pdf. Write "*.pdf".',
  ],
  ['a type', `${VALID}a: !foo b\n`, 'm.yaml:4:4: a text that begins with ! needs quotes. Write a: "!foo b"'],
  [
    'a comparison',
    when('gt: > 10'),
    'm.yaml:6:49: a comparison is written with a key, not with ">". Write { gt: 10 } for "more than 10", { gte: 10 } for "10 or more".',
  ],
  [
    'a backslash in double quotes',
    when('matches: "\\d+"'),
    "m.yaml:6:55: a backslash in double quotes begins a special character, and this one does not exist. Use single quotes: matches: '\\d+'",
  ],
  [
    'no space after a colon',
    `name:m\nversion: "1"\n${STATUS}`,
    'm.yaml:1:1: a space is missing after the colon of name. Write name: m',
  ],
  [
    'no space after a colon in braces',
    `${HEAD}status: { bands: [ { id:all } ] }\n`,
    'm.yaml:3:22 status.bands[0].id:all: a space is missing after the colon in "id:all". Write id: all',
  ],
  [
    'a line that is indented too little',
    `${HEAD}status:\n  bands:\n    - id: all\n     label: x\n`,
    'm.yaml:6:1: the line is indented differently from those that it belongs to: "label: x". Begin it in the same column as the lines beside it.',
  ],
  [
    'a line that is indented too far',
    `${HEAD}status:\n  bands:\n    - id: all\n        label: x\n`,
    'm.yaml:5:11: "id" has a value, so nothing can stand below it; line 6 is indented too far: "label: x". Begin that line in the same column as this one.',
  ],
  [
    'a line without a colon',
    `${HEAD}status\n`,
    'm.yaml:3:1: the line "status" has no colon. Write a key, a colon, a space and a value: status: ...',
  ],
  [
    'no-break spaces',
    `${HEAD}status:\n\u00a0\u00a0bands:\n    - id: all\n`,
    'm.yaml:4:1 \u00a0\u00a0bands: a no-break space is in the key "bands". Type the beginning of the line again, with ordinary spaces.',
  ],
  [
    'two documents',
    `${VALID}---\n${VALID}`,
    'm.yaml:4:1: a second document begins in line 4; only one is read. Remove the line "---" or "...", or give the second part a file of its own.',
  ],
  [
    'an open bracket',
    `${HEAD}status: { bands: [ { id: a } ]\nfit: { criteria: [] }\n`,
    'm.yaml:3:9: { is opened here and never closed. Write } at its end.',
  ],
  [
    'a bracket too many',
    `${HEAD}status: { bands: [ { id: a } ] } }\n`,
    'm.yaml:3:34: } closes nothing. Remove it, or write { before the entries. A text that begins with it needs quotes.',
  ],
  [
    'an alias bomb',
    `${VALID}a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    'm.yaml:1:1: the file repeats sections (* and &) more than 100 times. Write the values out.',
  ],
  [
    'deep nesting',
    `${VALID}fit: ${'['.repeat(200)}${']'.repeat(200)}\n`,
    'm.yaml:4:104: the file is nested more than 50 levels deep. Write it with fewer levels.',
  ],
  [
    'a list as key',
    `${VALID}? [a]\n: b\n`,
    'm.yaml:4:3: a key must be a text, not a list or a section. Write a name and a colon: points: 10.',
  ],
  [
    'an invisible character',
    `${VALID}a: \u0000\n`,
    'm.yaml:4:4: an invisible character is in this text. Type the text again.',
  ],
  [
    'a directive',
    `%YAML 9\n---\n${VALID}`,
    'm.yaml:1:7: a line cannot begin with %. Remove the line, or begin it with # to make it a comment.',
  ],
];

const VALUES: readonly Case[] = [
  [
    'an empty file',
    '',
    'm.yaml:1:1: the file is empty. Begin with name: my-model, version: "1" and status, or copy mappings/model.yaml.',
  ],
  [
    'a text in place of keys',
    'hello\n',
    'm.yaml:1:1: the file must have keys at its top, not the text "hello". Begin with name: my-model, version: "1" and status, or copy mappings/model.yaml.',
  ],
  [
    'a list in place of keys',
    '- name: m\n',
    'm.yaml:1:1: the file must have keys at its top, not a list. Begin with name: my-model, version: "1" and status, or copy mappings/model.yaml.',
  ],
  [
    'a missing section',
    HEAD,
    'm.yaml:1:1 status: status is missing. Add it, for example status: { bands: [ { id: hot, at_least: 80 }, { id: cold } ] }',
  ],
  [
    'a number in place of a text',
    `name: m\nversion: 1.0\n${STATUS}`,
    'm.yaml:2:10 version: version must be text, not the number 1.0. Write version: "1.0"',
  ],
  [
    'true in place of a text',
    `name: true\nversion: "1"\n${STATUS}`,
    'm.yaml:1:7 name: name must be text, not true. Write name: "true"',
  ],
  [
    'a key without a value',
    `name:\nversion: "1"\n${STATUS}`,
    'm.yaml:1:6 name: name has no value. Write a value, for example name: my-model',
  ],
  [
    'a value that is a comment',
    band('label: #1 lead'),
    'm.yaml:6:14 status.bands[0].label: label has no value: what begins with # is a comment. Put the value in quotes.',
  ],
  [
    'a misspelled key',
    signal('{ id: a, activity: chat, point: 8 }'),
    'm.yaml:6:32 behavior.signals[0].point: unknown key "point": did you mean points? Write points: 8',
  ],
  [
    'an unknown key',
    `${VALID}frobs: 1\n`,
    'm.yaml:4:1 frobs: unknown key "frobs". Remove it, or use one of: name, version, fit, behavior, status, allow_large.',
  ],
  [
    'a key one level too high',
    `${HEAD}bands: [ { id: b } ]\n`,
    'm.yaml:3:1 bands: "bands" belongs under status. Write status: { bands: [ { id: b } ] }',
  ],
  [
    'a key one level too low',
    `${HEAD}status: { bands: [ { id: a, gates: [] } ] }\n`,
    'm.yaml:3:29 status.bands[0].gates: "gates" is in the wrong place. It belongs beside bands: check its indentation.',
  ],
  [
    'a text with a unit',
    signal('{ id: a, activity: chat, points: 10 points }'),
    'm.yaml:6:40 behavior.signals[0].points: points must be a number, not the text "10 points". Write points: 10',
  ],
  [
    'a number in quotes',
    signal('{ id: a, activity: chat, points: "10" }'),
    'm.yaml:6:40 behavior.signals[0].points: points must be a number, not the text "10". Write points: 10',
  ],
  [
    'a decimal comma',
    signal('{ id: a, activity: chat, points: 1,5 }'),
    'm.yaml:6:42 behavior.signals[0].5: a decimal has a point, not a comma: points: 1,5. Write points: 1.5',
  ],
  [
    'a comma between words without quotes',
    signal('{ id: a, activity: chat, points: 1, label: Executive, head of }'),
    'm.yaml:6:61 behavior.signals[0].head of: a comma ends a text inside { }: label is only "Executive". Write label: "Executive, head of"',
  ],
  [
    'a comma in a text without quotes',
    signal('{ id: a, activity: chat, points: 1, label: Large (1,000 or more) }'),
    'm.yaml:6:59 behavior.signals[0].000 or more): a comma ends a text inside { }: label is only "Large (1". Write label: "Large (1,000 or more)"',
  ],
  [
    'per cent',
    `${VALID}fit: { min_coverage: 25%, criteria: [] }\n`,
    'm.yaml:4:22 fit.min_coverage: min_coverage must be a number, not the text "25%". Write min_coverage: 0.25',
  ],
  [
    'a share above 1',
    `${VALID}fit: { min_coverage: 25, criteria: [] }\n`,
    'm.yaml:4:22 fit.min_coverage: min_coverage must be at most 1, not 25. Write min_coverage: 0.25',
  ],
  [
    'no number',
    signal('{ id: a, activity: chat, points: .nan }'),
    'm.yaml:6:40 behavior.signals[0].points: points must be a number, not .nan. For example points: 10',
  ],
  [
    'a negative half-life',
    signal('{ id: a, activity: chat, points: 1, half_life: -30d }'),
    'm.yaml:6:54 behavior.signals[0].half_life: half_life must be a duration or none, not the text "-30d": a number above 0, directly followed by s, m (minutes), h, d or w. Write half_life: 30d',
  ],
  [
    'a duration in words',
    signal('{ id: a, activity: chat, points: 1, half_life: 3 months }'),
    'm.yaml:6:54 behavior.signals[0].half_life: half_life must be a duration or none, not the text "3 months": a number above 0, directly followed by s, m (minutes), h, d or w. Write half_life: 90d',
  ],
  [
    'a duration without a unit',
    signal('{ id: a, activity: chat, points: 1, half_life: 45 }'),
    'm.yaml:6:54 behavior.signals[0].half_life: half_life must be a duration or none, not the number 45: a number above 0, directly followed by s, m (minutes), h, d or w. Write half_life: 45d',
  ],
  [
    'yes in place of true',
    when('present: yes'),
    'm.yaml:6:54 behavior.signals[0].when.present: present must be true or false, not the text "yes". Write present: true',
  ],
  [
    'off in place of false',
    when('present: off'),
    'm.yaml:6:54 behavior.signals[0].when.present: present must be true or false, not the text "off". Write present: false',
  ],
  [
    'an unknown operator',
    when('equals: x'),
    'm.yaml:6:45 behavior.signals[0].when.equals: unknown key "equals": did you mean is? Write is: x',
  ],
  [
    'a text in place of a list',
    when('contains: x'),
    'm.yaml:6:55 behavior.signals[0].when.contains: contains must be a list, not the text "x". Write contains: [x]',
  ],
  [
    'a list in place of a value',
    when('is: [a, b]'),
    'm.yaml:6:49 behavior.signals[0].when.is: is must be a text, a number, true or false, not a list. Write one_of: [a, b]',
  ],
  [
    'a text in place of a number',
    when('gte: "10"'),
    'm.yaml:6:50 behavior.signals[0].when.gte: gte must be a number, not the text "10". Write gte: 10',
  ],
  [
    'a text in place of a condition',
    signal('{ id: a, activity: chat, points: 1, where: { path: /x } }'),
    'm.yaml:6:58 behavior.signals[0].where.path: path must be a section with keys, not the text "/x". Write path: { is: /x }',
  ],
  [
    'a section in a list of texts',
    when('one_of: [a, { b: 1 }]'),
    'm.yaml:6:57 behavior.signals[0].when.one_of[1]: entry 2 of one_of must be a text, a number, true or false, not a section with keys. For example one_of: [Software, Internet]',
  ],
  [
    'an empty entry',
    when('one_of: [a, null]'),
    'm.yaml:6:57 behavior.signals[0].when.one_of[1]: entry 2 of one_of has no value. Remove it.',
  ],
  [
    'a section in place of a list',
    `${VALID}fit: { criteria: { id: a } }\n`,
    'm.yaml:4:18 fit.criteria: criteria must be a list, not a section with keys. Begin each entry with "- ", or write it in [ ].',
  ],
  [
    'an empty list',
    `${HEAD}status: { bands: [] }\n`,
    'm.yaml:3:18 status.bands: bands is empty. Write a value, for example bands: [ { id: hot, at_least: 80 }, { id: cold } ]',
  ],
  [
    'a condition without an operator',
    `${VALID}fit: { criteria: [ { id: a, field: contact.need, cases: [ { when: {}, points: 1 } ] } ] }\n`,
    'm.yaml:4:67 fit.criteria[0].cases[0].when: a condition needs an operator: is, one_of, contains, starts_with, has_word, matches, gte, gt, lte, lt, present, not, all, any.',
  ],
  [
    'a pattern with an open bracket',
    when('matches: "("'),
    'm.yaml:6:54 behavior.signals[0].when.matches: the pattern cannot be read: ( is not closed. Write ) at its end, or \\( for the sign itself.',
  ],
  [
    'a pattern with lookahead',
    when("matches: '(?=x)'"),
    'm.yaml:6:54 behavior.signals[0].when.matches: the pattern cannot be read: lookahead, lookbehind and back references do not exist here. Use not, all or any around simple conditions.',
  ],
  [
    'a count of 0',
    signal('{ id: a, activity: chat, points: 1, max_count: 0 }'),
    'm.yaml:6:54 behavior.signals[0].max_count: max_count must be at least 1, not 0. Write max_count: 1',
  ],
  [
    'a count of 1.5',
    signal('{ id: a, activity: chat, points: 1, max_count: 1.5 }'),
    'm.yaml:6:54 behavior.signals[0].max_count: max_count must be a whole number, not the number 1.5. Write max_count: 2',
  ],
  [
    'a signal without points',
    signal('{ id: a, activity: chat }'),
    'm.yaml:6:7 behavior.signals[0]: points is missing: a signal that counts activities needs it. Add points: 10',
  ],
  [
    'a signal without a kind',
    signal('{ id: a, points: 1 }'),
    'm.yaml:6:7 behavior.signals[0]: a signal needs one of activity, absent, when. Add activity: page_view',
  ],
  [
    'a key of another kind of signal',
    signal('{ id: a, activity: chat, points: 1, window: 3d }'),
    'm.yaml:6:51 behavior.signals[0].window: window does not belong to a signal that counts activities. Remove it. The signal may have: id, label, activity, points, where, max_count, half_life, lifetime.',
  ],
  [
    'a share without %',
    `${HEAD}status: { bands: [ { id: a, at_least: { top: 5, floor: 1 } }, { id: b } ] }\n`,
    'm.yaml:3:46 status.bands[0].at_least.top: top must be a share of the leads, not the number 5: above 0% and at most 100%, for example 5%. Write top: 5%',
  ],
  [
    'half a threshold',
    `${HEAD}status: { bands: [ { id: a, at_least: { top: 5% } }, { id: b } ] }\n`,
    'm.yaml:3:39 status.bands[0].at_least: at_least needs either points, or top and floor, or capacity and floor. Write at_least: { points: 80 }, or { top: 5%, floor: 60 }, or { capacity: 60 per week, floor: 60 }.',
  ],
  [
    'a value that is not allowed',
    `${HEAD}status: { basis: totals, bands: [ { id: b } ] }\n`,
    'm.yaml:3:18 status.basis: basis must be total, behavior, fit or matrix, not the text "totals". Did you mean total? Write basis: total',
  ],
  [
    'a formula as the label of a band',
    band('label: =A1'),
    'm.yaml:6:14 status.bands[0].label: a text that is written to the CRM begins with =, +, - or @: a spreadsheet runs it as a formula. Begin it with a letter or a number.',
  ],
  [
    'a blank label of a band',
    band("label: ' '"),
    'm.yaml:6:14 status.bands[0].label: a text that is written to the CRM is blank. Write a name.',
  ],
  [
    'a cell of no grade',
    `${HEAD}status: { basis: matrix, behavior_levels: { 1: 0 }, bands: [ { id: a, cells: [Z1] }, { id: b } ] }\n`,
    'm.yaml:3:79 status.bands[0].cells[0]: entry 1 of cells must be a grade and a behavior level, not the text "Z1": for example A1. For example cells: [A1, A2]',
  ],
  [
    'an id that stands twice',
    `${HEAD}status: { bands: [ { id: a, at_least: 1 }, { id: a } ] }\n`,
    'm.yaml:3:50 status.bands[1].id: the id "a" stands twice in this list. Give one of them another id, for example a_2.',
  ],
  [
    'a reference to nothing',
    `${HEAD}status: { bands: [ { id: a, at_least: 1, requires: { any_signal: [x] } }, { id: b } ] }\n`,
    'm.yaml:3:67 status.bands[0].requires.any_signal[0]: unknown signal "x". The model has no signal.',
  ],
  [
    'a misspelled field',
    `${VALID}fit: { criteria: [ { id: a, field: contact.jobtitle, cases: [ { when: { is: x }, points: 1 } ] } ] }\n`,
    'm.yaml:4:36 fit.criteria[0].field: unknown field "contact.jobtitle": did you mean contact.job_title? Check the spelling. If it is your own field, a mapping must fill it.',
  ],
  [
    'two own activity types',
    `${VALID}behavior:\n  signals:\n    - { id: a, activity: dance, points: 1 }\n    - { id: b, activity: sing, points: 1 }\n`,
    'm.yaml:6:26: unknown activity types: "dance" (line 6), "sing" (line 7). Check the spelling. If it is your own type, a mapping must create its activities.',
  ],
  [
    'eight equal mistakes',
    `${VALID}behavior:\n  signals:\n${Array.from({ length: 8 }, (_, index) => `    - { id: a${index}, activity: chat, point: 1 }\n`).join('')}`,
    'm.yaml:6:33 behavior.signals[0].point: unknown key "point": did you mean points? Also in lines 7, 8, 9, 10, 11, 12 and 13. Write points: 1',
  ],
  [
    'a people file',
    'match: { by: [], shared_inboxes: [], max_records: 5 }\nprefer: []\n',
    'm.yaml:1:1: this is a people file, not a model. It belongs at mappings/people.yaml.',
  ],
];

const crm = (text: string) => lines(readMapping(`crm: hubspot\nwrite_back: {}\n${text}`, 'h.yaml').problems);
const csv = (text: string) => lines(readCsvMapping(text, 'c.yaml').problems);
const events = (text: string) => lines(readEventsMapping(text, 'e.yaml').problems);
const people = (text: string) => lines(readPeople(text, 'p.yaml', ['hubspot', 'salesforce']).problems);

const OTHERS: readonly (readonly [what: string, found: () => string[], sentence: string])[] = [
  [
    'a property without an object',
    () => crm('fields: { contact.email: { from: email } }\n'),
    'h.yaml:3:34 fields.contact.email.from: from must be object.property, not the text "email": for example contacts.jobtitle or companies.industry. For example from: contacts.jobtitle',
  ],
  [
    'a misspelled key of a field',
    () => crm('fields: { contact.email: { form: contacts.email } }\n'),
    'h.yaml:3:28 fields.contact.email.form: unknown key "form": did you mean from? Write from: contacts.email',
  ],
  [
    'an unknown kind of value',
    () => crm('fields: { company.employees: { from: companies.n, as: integer } }\n'),
    'h.yaml:3:55 fields.company.employees.as: as must be text, number, boolean, instant, country or list, not the text "integer". Did you mean number? Write as: number',
  ],
  [
    'a name with a space',
    () => crm('fields: { job title: { from: contacts.jobtitle } }\n'),
    'h.yaml:3:22 fields.job title: job title must be a name, not a section with keys: letters, digits, dots and underscores, for example contact.job_title.',
  ],
  [
    'an unknown table',
    () => crm('fields: { contact.country: { from: c.e, table: industri } }\ntables: { industry: { A: b } }\n'),
    'h.yaml:3:48 fields.contact.country.table: unknown table "industri": did you mean industry? Add it under tables, or remove this line.',
  ],
  [
    'a condition without a property',
    () => crm('fields: {}\nleads:\n  where: { is: 1 }\n'),
    'h.yaml:5:10 leads.where: the condition does not say which property it is about. Add field, for example { field: contacts.lifecyclestage, is: lead }.',
  ],
  [
    'an export without csv',
    () => csv('id: id\nfields:\n  contact.job_title: { from: title }\n'),
    'c.yaml:1:1 id: "id" belongs under csv. Write csv: { id: id }',
  ],
  [
    'the mapping of a CRM',
    () => csv('crm: hubspot\nfields: {}\nwrite_back: {}\n'),
    'c.yaml:1:1: this is the mapping of a CRM, not the mapping of a CSV export. It belongs at mappings/hubspot.yaml or mappings/salesforce.yaml.',
  ],
  [
    'a date format of another language',
    () => csv('csv: { id: Id, date_format: DD/MM/YYYY }\nfields: {}\n'),
    'c.yaml:1:29 csv.date_format: the date format cannot be used: "DD" is none of yyyy, yy, MMMM, MMM, MM, M, dd, d, HH, H, hh, h, mm, ss, a. Write date_format: dd/MM/yyyy',
  ],
  [
    'a time zone that does not exist',
    () => csv('csv: { id: Id, timezone: Berlin }\nfields: {}\n'),
    'c.yaml:1:26 csv.timezone: timezone must be a time zone, not the text "Berlin": for example Europe/Berlin, or UTC. For example timezone: Europe/Berlin',
  ],
  [
    'a rule for every row',
    () => csv('csv: { id: Id }\nfields: {}\nactivities:\n  - { type: call }\n'),
    'c.yaml:4:5 activities[0]: a rule needs at, count or when: without them every row would have this activity. Add at with the column of the date.',
  ],
  [
    'a number for a cell',
    () => csv('csv: { id: Id }\nfields: {}\nactivities: [ { type: call, when: { field: N, is: 1 } } ]\n'),
    'c.yaml:3:35 activities[0].when: a cell is text and never equals this value. Put the value in quotes.',
  ],
  [
    'an unknown kind of message',
    () => events('activities: [ { from: tracks, type: chat } ]\n'),
    'e.yaml:1:23 activities[0].from: from must be track, page, screen or identify, not the text "tracks". Did you mean track? Write from: track',
  ],
  [
    'an unknown field of a message',
    () => events('activities: [ { from: track, type: chat, when: { field: plan, is: x } } ]\n'),
    'e.yaml:1:48 activities[0].when: unknown message field "plan". Use event, name, category, properties.plan, traits.plan or context.plan.',
  ],
  [
    'no activities',
    () => events('tables: {}\n'),
    'e.yaml:1:1 activities: activities is missing. Add it, for example activities: [ { from: meetings, type: meeting, at: hs_meeting_start_time } ]',
  ],
  [
    'an unknown CRM',
    () =>
      people(
        'match: { by: [email], shared_inboxes: [], max_records: 5 }\nprefer: [hubspott]\nprefer_by_field: {}\nactivities: {}\n',
      ),
    'p.yaml:2:10 prefer[0]: unknown CRM "hubspott": did you mean hubspot? Use one of hubspot, salesforce.',
  ],
  [
    'too many records',
    () =>
      people(
        'match: { by: [mail], shared_inboxes: [], max_records: 500 }\nprefer: []\nprefer_by_field: {}\nactivities: {}\n',
      ),
    'p.yaml:1:55 match.max_records: max_records must be at most 50, not 500. Write max_records: 50',
  ],
];

describe('a sentence says what is wrong, where, and what to write:', () => {
  test.each([...SYNTAX, ...VALUES])('%s in a model', (_what, text, sentence) => {
    expect(modelLines(text)[0]).toBe(sentence);
  });

  test.each(OTHERS)('%s', (_what, found, sentence) => {
    expect(found()).toContain(sentence);
  });

  test('CRLF line ends, a byte order mark and one "---" are no problems', () => {
    expect(modelLines(VALID.replaceAll('\n', '\r\n'))).toEqual([]);
    expect(modelLines(`\ufeff${VALID}`)).toEqual([]);
    expect(modelLines(`---\n${VALID}`)).toEqual([]);
  });
});

test('no sentence contains the words of a parser', () => {
  const all = [
    ...[...SYNTAX, ...VALUES].flatMap(([, text]) => modelLines(text)),
    ...OTHERS.flatMap(([, found]) => found()),
  ];
  expect(all.filter((line) => PARSER_WORDS.test(line))).toEqual([]);
});

test('every error code of the YAML parser has a sentence', () => {
  const known: Record<ErrorCode, true> = {
    ALIAS_PROPS: true,
    BAD_ALIAS: true,
    BAD_COLLECTION_TYPE: true,
    BAD_DIRECTIVE: true,
    BAD_DQ_ESCAPE: true,
    BAD_INDENT: true,
    BAD_PROP_ORDER: true,
    BAD_SCALAR_START: true,
    BLOCK_AS_IMPLICIT_KEY: true,
    BLOCK_IN_FLOW: true,
    DUPLICATE_KEY: true,
    IMPOSSIBLE: true,
    KEY_OVER_1024_CHARS: true,
    MISSING_CHAR: true,
    MULTILINE_IMPLICIT_KEY: true,
    MULTIPLE_ANCHORS: true,
    MULTIPLE_DOCS: true,
    MULTIPLE_TAGS: true,
    NON_STRING_KEY: true,
    RESOURCE_EXHAUSTION: true,
    TAB_AS_INDENT: true,
    TAG_RESOLVE_FAILED: true,
    UNEXPECTED_TOKEN: true,
  };
  expect(SYNTAX_CODES.toSorted()).toEqual(Object.keys(known).toSorted());
});

const wrong = (schema: z.ZodType, value: unknown): string[] => {
  const parsed = parseInWords(schema, value, { line: (key, text) => `${key}: ${text}` });
  return 'value' in parsed ? [] : parsed.sentences.map(({ message }) => message);
};

test.each<readonly [code: string, schema: z.ZodType, value: unknown, sentence: string]>([
  ['invalid_type', z.object({ points: z.number() }), { points: 'x' }, 'points must be a number, not the text "x".'],
  ['unrecognized_keys', z.strictObject({ points: z.number().optional() }), { b: 1 }, 'unknown key "b".'],
  [
    'invalid_union',
    z.object({ at: z.union([z.number(), z.boolean()]) }),
    { at: 'x' },
    'at must be a number or true or false, not the text "x".',
  ],
  [
    'a discriminated union',
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
    { kind: 'c' },
    'kind must be a or b, not the text "c".',
  ],
  ['too_small', z.object({ n: z.number().min(2) }), { n: 1 }, 'n must be at least 2, not 1.'],
  ['too_big', z.object({ n: z.array(z.number()).max(2) }), { n: [1, 2, 3] }, 'n has 3 entries; at most 2 are read.'],
  ['invalid_format', z.object({ site: z.url() }), { site: 'x' }, 'site has the wrong form: the text "x".'],
  [
    'invalid_value',
    z.object({ as: z.enum(['text', 'list']) }),
    { as: 'txet' },
    'as must be text or list, not the text "txet".',
  ],
  [
    'not_multiple_of',
    z.object({ n: z.number().multipleOf(5) }),
    { n: 7 },
    'n must be a multiple of 5, not the number 7.',
  ],
  [
    'custom',
    z.object({ n: z.number().refine(() => false, 'must be odd') }),
    { n: 7 },
    'n must be odd, not the number 7.',
  ],
  [
    'invalid_key',
    z.object({ f: z.record(z.string().max(2), z.number()) }),
    { f: { abc: 1 } },
    'the key "abc" may not stand here.',
  ],
  [
    'invalid_element',
    z.object({ f: z.map(z.unknown(), z.number()) }),
    { f: new Map([[{}, 'b']]) },
    'an entry of f may not stand here.',
  ],
])('the issue %s of zod has a sentence', (_code, schema, value, sentence) => {
  const found = wrong(schema, value);
  expect(found).toEqual([sentence]);
  expect(found.filter((line) => PARSER_WORDS.test(line))).toEqual([]);
});

test('every key of every file has an example of what to write', () => {
  const schemas = [
    modelSchema,
    modelSetSchema,
    mappingSchema,
    csvMappingSchema,
    eventsMappingSchema,
    peopleSchema,
    titlesSchema,
  ];
  const keys = new Set(schemas.flatMap((schema) => [...allKeys(schema)]));
  const own = [...keys].filter((key) => !/^[A-F]$/.test(key));
  expect(own.length).toBeGreaterThan(70);
  expect(own.filter((key) => exampleOf(key) === null)).toEqual([]);
});

describe('settings', () => {
  test('are named with what they must be and the line to write', () => {
    const { problems } = {
      problems: '',
      ...readConfig({ TIMEZONE: 'Berlin', NIGHTLY_CRON: '99 2 * * *', LOG_LEVEL: 'warning', PORT: '3.5' }),
    };
    expect(problems.split('\n').slice(1)).toEqual([
      '  PORT must be a port from 0 to 65535, not "3.5": for example 3000.',
      '  TIMEZONE must be a time zone of the IANA, not "Berlin": for example Europe/Berlin. Write TIMEZONE=Europe/Berlin',
      '  NIGHTLY_CRON must be five fields (minute, hour, day, month, weekday), not "99 2 * * *": for example 0 2 * * *.',
      '  LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent, not "warning". Did you mean warn? Write LOG_LEVEL=warn',
    ]);
  });

  test('of the CRMs have no sentence with a parser’s words', () => {
    const found = [hubspotSettings, salesforceSettings].flatMap((schema) => {
      const value = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, ' ']));
      return [...wrong(schema, value), ...wrong(schema, {})];
    });
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter((line) => PARSER_WORDS.test(line))).toEqual([]);
  });
});

describe('a file that is not a text', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadgrade-files-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const said = async (name: string, content?: Uint8Array | string): Promise<string> => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const read = await readText(file);
    return typeof read === 'string' ? 'read' : read.message;
  };

  test('is named as what it is', async () => {
    expect(await said('missing.yaml')).toBe('the file does not exist (ENOENT).');
    expect(await said('.')).toBe('this is a folder, not a file.');
    expect(await said('utf16.yaml', Buffer.from(`\ufeff${VALID}`, 'utf16le'))).toBe('the file is UTF-16.');
    expect(await said('picture.yaml', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1]))).toBe(
      'the file is not a text: it has NUL bytes.',
    );
    expect(await said('latin1.yaml', Buffer.from('name: m\nlabel: hei\xdf\n', 'latin1'))).toBe(
      'the file is not UTF-8: line 2 has another encoding.',
    );
    expect(await said('bom.yaml', `\ufeff${VALID}`)).toBe('read');
  });

  test('a model of 60,000 criteria is refused at once, before it is parsed', async () => {
    const criteria = Array.from(
      { length: 60_000 },
      (_, index) => `    - { id: c${index}, field: contact.need, cases: [ { when: { is: x }, points: 1 } ] }\n`,
    );
    const text = `${VALID}fit:\n  criteria:\n${criteria.join('')}`;
    const start = performance.now();
    expect(modelLines(text)).toEqual([
      'm.yaml: the file has more than 500,000 characters, which is more than is read. Check that it is the right file. A model of a hundred criteria has 50,000 characters.',
    ]);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
