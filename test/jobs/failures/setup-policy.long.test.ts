// Every call of setup fails for ever: setup says which one, keeps what it created, and a second one does the rest.
import { expect, test } from 'vitest';
import { share } from '../../support/fault-runs.ts';
import { FAILURES } from './policy-cases.ts';
import { policyTable } from './policy-table.ts';
import { observeSetup, SETUP_CASES } from './setup-cases.ts';

const ALL = SETUP_CASES.flatMap((each, nth) =>
  FAILURES.map((_failure, at) => ({ ...each, failure: FAILURES[(at + nth) % FAILURES.length] ?? '500' })),
);

/** Every call, with one of its failures: a call that hangs is waited for. */
test.each(share('calls of setup that fail', ALL, FAILURES.length))(
  'in $crm, "$call" that fails with $failure does what the table says, and a second setup does the rest',
  async ({ failure, ...each }) => {
    const row = policyTable().find(({ crm, call }) => crm === each.crm && call === each.call);
    const { cell, said, second, third } = await observeSetup(each, failure);
    expect(cell).toBe(row?.all[failure]);
    if (cell !== 'nothing') expect(said).toMatch(/reading|creating|changing|describing|granting|assigning/);
    expect(second).not.toContain('would-create');
    expect([...new Set(third)]).toEqual(['exists']);
  },
);
