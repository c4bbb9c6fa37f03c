// The project as Salesforce's own deployment library reads it; its parts must agree with each other, the mapping and the model.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { ComponentSet, MetadataConverter } from '@salesforce/source-deploy-retrieve';
import { parse } from 'yaml';
import { GRADES } from '../../../src/domain/score-result.ts';

const root = new URL('../../../', import.meta.url);
const set = ComponentSet.fromSource({ fsPaths: [new URL('../force-app', import.meta.url).pathname] });
const components = set.getSourceComponents().toArray();

const SCORE_FIELDS = {
  fit_grade: 'Leadgrade_Fit_Grade__c',
  fit_score: 'Leadgrade_Fit_Score__c',
  behavior_score: 'Leadgrade_Behavior_Score__c',
  total_score: 'Leadgrade_Total_Score__c',
  status: 'Leadgrade_Status__c',
  explanation: 'Leadgrade_Explanation__c',
  scored_at: 'Leadgrade_Scored_At__c',
  model: 'Leadgrade_Model__c',
};
const FEEDBACK_FIELDS = ['Leadgrade_Feedback__c', 'Leadgrade_Feedback_Reason__c'];
const FIELDS = [...Object.values(SCORE_FIELDS), ...FEEDBACK_FIELDS];
const LIST_VIEWS = ['Leadgrade_Disputed', 'Leadgrade_Good_Fit_Quiet', 'Leadgrade_Hot'];
const OBJECTS = ['Contact', 'Lead'];

/** Every component of the project by `Type:fullName`. The components of an object are in its folder. */
const byName = new Map(
  components
    .flatMap((each) => [...(each.type.name === 'CustomObject' ? [] : [each]), ...each.getChildren()])
    .map((each) => [`${each.type.name}:${each.fullName}`, each]),
);

function read(type, name) {
  const component = byName.get(`${type}:${name}`);
  assert.ok(component, `${type} ${name} is missing`);
  return component.parseXmlSync()[type];
}

function field(object, name) {
  return read('CustomField', `${object}.${name}`);
}

function values(object, name) {
  return field(object, name).valueSet.valueSetDefinition.value.map(({ fullName, label }) => ({
    value: fullName,
    label,
  }));
}

test('the project contains exactly the expected components', () => {
  const expected = [
    ...OBJECTS.flatMap((object) => FIELDS.map((name) => `CustomField:${object}.${name}`)),
    ...OBJECTS.flatMap((object) => LIST_VIEWS.map((name) => `ListView:${object}.${name}`)),
    'LightningComponentBundle:leadgradeCard',
    'PermissionSet:Leadgrade_Integration',
    'PermissionSet:Leadgrade_Viewer',
  ];
  assert.deepEqual([...byName.keys()].sort(), expected.sort());
});

test('the project converts to the deployed format without its test files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'leadgrade-deploy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { packagePath } = await new MetadataConverter().convert(set, 'metadata', {
    type: 'directory',
    outputDirectory: folder,
    packageName: 'deploy',
  });
  const files = readdirSync(packagePath, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  assert.deepEqual(files.map((each) => relative(packagePath, join(each.parentPath, each.name))).sort(), [
    'lwc/leadgradeCard/explanation.js',
    'lwc/leadgradeCard/leadgradeCard.css',
    'lwc/leadgradeCard/leadgradeCard.html',
    'lwc/leadgradeCard/leadgradeCard.js',
    'lwc/leadgradeCard/leadgradeCard.js-meta.xml',
    'lwc/leadgradeCard/orgMessages.js',
    'objects/Contact.object',
    'objects/Lead.object',
    'package.xml',
    'permissionsets/Leadgrade_Integration.permissionset',
    'permissionsets/Leadgrade_Viewer.permissionset',
  ]);
});

test('each field file and list view file is named after its component', () => {
  for (const name of FIELDS) assert.equal(field('Lead', name).fullName, name);
  for (const name of LIST_VIEWS) assert.equal(read('ListView', `Lead.${name}`).fullName, name);
});

test('Lead and Contact have the same fields, so that they can be mapped at conversion', () => {
  for (const name of FIELDS) assert.deepEqual(field('Lead', name), field('Contact', name), name);
});

test('every field has a label and a description within the limits of Salesforce, and no history tracking', () => {
  for (const name of FIELDS) {
    const { label, description, inlineHelpText, trackHistory } = field('Lead', name);
    assert.match(label, /^Leadgrade: .{3,29}$/, name);
    assert.ok(description.length <= 1000 && inlineHelpText.length <= 510, name);
    assert.equal(trackHistory, 'false', name);
  }
});

test('the score fields are whole numbers, and the explanation has the maximum length of the Bulk API', () => {
  for (const name of ['Fit', 'Behavior', 'Total'].map((each) => `Leadgrade_${each}_Score__c`)) {
    const { type, precision, scale } = field('Lead', name);
    assert.deepEqual({ type, precision, scale }, { type: 'Number', precision: '9', scale: '0' });
  }
  const { type, length } = field('Lead', 'Leadgrade_Explanation__c');
  assert.deepEqual({ type, length }, { type: 'LongTextArea', length: '32000' });
});

test('the score fields are the fields that the shipped mapping writes', () => {
  const mapping = parse(readFileSync(new URL('mappings/salesforce.yaml', root), 'utf8'));
  assert.deepEqual(mapping.write_back, SCORE_FIELDS);
});

test('the grade picklist has exactly the grades of the scorer and is restricted', () => {
  assert.deepEqual(
    values('Lead', 'Leadgrade_Fit_Grade__c'),
    GRADES.map((grade) => ({ value: grade, label: grade })),
  );
  assert.equal(field('Lead', 'Leadgrade_Fit_Grade__c').valueSet.restricted, 'true');
});

test('the status picklist has the bands of the shipped model and is not restricted', () => {
  const model = parse(readFileSync(new URL('mappings/model.yaml', root), 'utf8'));
  assert.deepEqual(
    values('Lead', 'Leadgrade_Status__c'),
    model.status.bands.map(({ id, label }) => ({ value: id, label })),
  );
  assert.equal(field('Lead', 'Leadgrade_Status__c').valueSet.restricted, 'false');
});

test('the feedback buttons of the card match the values of the feedback field', () => {
  const card = readFileSync(
    new URL('../force-app/main/default/lwc/leadgradeCard/leadgradeCard.js', import.meta.url),
    'utf8',
  );
  const offered = [...card.matchAll(/\{ value: '(\w+)', label: '([^']+)' \}/g)].map(([, value, label]) => ({
    value,
    label,
  }));
  assert.deepEqual(offered, values('Lead', 'Leadgrade_Feedback__c'));
});

test('the card uses exactly the fields of the project', () => {
  const card = readFileSync(
    new URL('../force-app/main/default/lwc/leadgradeCard/leadgradeCard.js', import.meta.url),
    'utf8',
  );
  assert.deepEqual([...new Set(card.match(/Leadgrade_\w+__c/g))].sort(), [...FIELDS].sort());
});

test('the card can be placed on lead and contact pages', () => {
  const { isExposed, targets, targetConfigs } = read('LightningComponentBundle', 'leadgradeCard');
  assert.deepEqual(
    { isExposed, targets, objects: targetConfigs.targetConfig.objects.object },
    { isExposed: 'true', targets: { target: 'lightning__RecordPage' }, objects: OBJECTS },
  );
});

function grants(permissionSet) {
  const { fieldPermissions } = read('PermissionSet', permissionSet);
  return fieldPermissions.map((each) => ({ name: each.field, read: each.readable, edit: each.editable }));
}

test('both permission sets grant read access to every field and no other', () => {
  const expected = OBJECTS.flatMap((object) => FIELDS.map((name) => `${object}.${name}`)).sort();
  for (const each of ['Leadgrade_Integration', 'Leadgrade_Viewer']) {
    assert.deepEqual(
      grants(each)
        .map(({ name }) => name)
        .sort(),
      expected,
    );
    assert.deepEqual(
      grants(each).filter(({ read }) => read !== 'true'),
      [],
    );
  }
});

test('the permission set of sales reps grants edit access to the two feedback fields and no other permission', () => {
  const edited = grants('Leadgrade_Viewer')
    .filter(({ edit }) => edit === 'true')
    .map(({ name }) => name);
  assert.deepEqual(
    edited.sort(),
    OBJECTS.flatMap((object) => FEEDBACK_FIELDS.map((name) => `${object}.${name}`)).sort(),
  );
  const { objectPermissions, userPermissions } = read('PermissionSet', 'Leadgrade_Viewer');
  assert.deepEqual([objectPermissions, userPermissions], [undefined, undefined]);
});

test('the integration permission set edits all Leadgrade fields, reads all records, and edits only leads and contacts', () => {
  assert.deepEqual(
    grants('Leadgrade_Integration').filter(({ edit }) => edit !== 'true'),
    [],
  );
  const { objectPermissions, userPermissions } = read('PermissionSet', 'Leadgrade_Integration');
  const objects = objectPermissions.map((each) => [each.object, each.allowEdit, each.viewAllRecords]);
  assert.deepEqual(objects, [
    ['Account', 'false', 'true'],
    ['Campaign', 'false', 'true'],
    ['Contact', 'true', 'true'],
    ['Lead', 'true', 'true'],
    ['Opportunity', 'false', 'true'],
  ]);
  const never = objectPermissions.flatMap((each) => [each.allowCreate, each.allowDelete, each.modifyAllRecords]);
  assert.deepEqual([...new Set(never)], ['false']);
  assert.deepEqual(
    userPermissions.map(({ name }) => name),
    ['AllowViewEditConvertedLeads', 'ApiEnabled'],
  );
});

test('list views use only fields and picklist values that exist', () => {
  for (const object of OBJECTS) {
    for (const name of LIST_VIEWS) {
      const { columns, filters } = read('ListView', `${object}.${name}`);
      const used = [...columns, ...[filters].flat().map((each) => each.field)].filter((each) => each.endsWith('__c'));
      assert.deepEqual(
        used.filter((each) => !FIELDS.includes(each)),
        [],
        name,
      );
      for (const each of [filters].flat().filter(({ operation }) => operation === 'equals')) {
        const known = values(object, each.field).map(({ value }) => value);
        assert.deepEqual(
          each.value.split(',').filter((value) => !known.includes(value)),
          [],
          name,
        );
      }
    }
  }
});
