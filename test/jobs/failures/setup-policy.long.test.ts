// Every call of setup fails for ever: setup says which one, keeps what it created, and a second one does the rest.
import { describe, expect, test } from 'vitest';
import { IS_FULL } from '../../support/fault-runs.ts';
import { FAILURES } from './policy-cases.ts';
import { policyTable } from './policy-table.ts';
import { observeSetup, SETUP_CASES } from './setup-cases.ts';

/** A call that hangs is waited for. */
const TRIED = IS_FULL ? FAILURES : FAILURES.filter((failure) => failure !== 'hang');

describe.each(SETUP_CASES)('in $crm, "$call"', (each) => {
  test.each(TRIED)('that fails with %s does what the table says, and a second setup does the rest', async (failure) => {
    const row = policyTable().find(({ crm, call }) => crm === each.crm && call === each.call);
    const { cell, said, second, third } = await observeSetup(each, failure);
    expect(cell).toBe(row?.all[failure]);
    if (cell !== 'nothing') expect(said).toMatch(/reading|creating|changing|describing|granting|assigning/);
    expect(second).not.toContain('would-create');
    expect([...new Set(third)]).toEqual(['exists']);
  });
});
