import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seriousVulnerabilities } from '../../lint/advisories.ts';
import { lockfileProblems } from '../../lint/supply-chain.ts';

const GOOD = { integrity: 'sha512-x', resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz', license: 'MIT' };
const problemsOf = (entry: object) => {
  const packages = { '': {}, sandbox: {}, 'node_modules/a': { ...GOOD, ...entry } };
  return lockfileProblems('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages }));
};

test('a package with a checksum, from the public registry, under a permissive licence is accepted', () => {
  expect(problemsOf({})).toEqual([]);
  expect(problemsOf({ license: '(GPL-3.0 OR MIT)' })).toEqual([]);
  expect(problemsOf({ license: 'MPL-2.0', dev: true })).toEqual([]);
});

test('a package without a checksum, from another host, or under a copyleft licence is refused by name', () => {
  expect(problemsOf({ integrity: undefined })).toEqual([
    'package-lock.json: a: has no sha512 checksum. Delete its entry, then run: npm install --package-lock-only',
  ]);
  expect(problemsOf({ resolved: 'git+ssh://git@example.com/a.git' })).toEqual([
    'package-lock.json: a: comes from git+ssh://git@example.com/a.git, not from https://registry.npmjs.org/',
  ]);
  expect(problemsOf({ license: 'AGPL-3.0-only' })).toEqual([
    'package-lock.json: a: has the licence AGPL-3.0-only. Use another package',
  ]);
  expect(problemsOf({ license: undefined })).toHaveLength(1);
});

test('a report of npm audit fails for serious vulnerabilities only; anything else is not a report', () => {
  const entry = (name: string, severity: string) => ({ [name]: { name, severity, range: '<2' } });
  const report = JSON.stringify({ vulnerabilities: { ...entry('a', 'high'), ...entry('b', 'low') } });
  expect(seriousVulnerabilities(report)).toEqual(['a <2: high. Run: npm audit']);
  expect(seriousVulnerabilities('{"vulnerabilities":{}}')).toEqual([]);
  expect(seriousVulnerabilities('{"error":{"code":"ENOTFOUND"}}')).toBeNull();
  expect(seriousVulnerabilities('')).toBeNull();
});

test('npm runs no script of a package that it installs, here and in the apps', () => {
  for (const file of ['../../.npmrc', '../../apps/salesforce/.npmrc']) {
    expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  }
});
