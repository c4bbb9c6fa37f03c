// The errors that a flow or trigger of the org raises for the records of a call, in its own words
// and in the language of the user. One that exceeds a limit of the transaction fails for every
// record of the call, and succeeds with fewer records.
// https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_gov_limits.htm
import type { RefusedRow } from './refused-rows.ts';
import type { RowError } from './row-errors.ts';

/** Codes of flows and triggers; the text is theirs. */
const AUTOMATION: ReadonlySet<string> = new Set([
  'CANNOT_EXECUTE_FLOW_TRIGGER',
  'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
  'APEX_ERROR',
  'APEX_DATA_ACCESS_RESTRICTION',
  'FLOW_EXCEPTION',
  'UNKNOWN_EXCEPTION',
]);

/** Codes that name a limit. */
const LIMITS: ReadonlySet<string> = new Set(['LIMIT_EXCEEDED', 'REQUEST_RUNNING_TOO_LONG']);

// Limits by the parts of their messages that no language translates: the class, and the names and
// values of limits.
const LIMIT_TEXT =
  /LimitException|\b(?:SOQL|DML|CPU|SOSL|heap)\b[^.]*\b(?:limit\w*|101|151|50001|10001|10000|15000)\b|\blimit\w*\b[^.]*\b(?:SOQL|DML|CPU|SOSL|heap)\b|Too many (?:SOQL|DML|query|SOSL)|CPU[- ]?(?:time|Zeit)|(?:SOQL|DML|CPU).{0,60}[:：]\s*\d{2,6}/i;

/** The rows that may be written in a call with fewer records. */
export function rowsOverLimit(refused: readonly RefusedRow[]): readonly RefusedRow[] {
  const named = refused.filter(({ errors }) => errors.some(isLimit));
  // Without the word for a limit, only the number of equal errors tells: all records of a call
  // share the limits of its transaction.
  const unnamed = refused.filter((row) => !named.includes(row) && row.errors.some(isAutomation));
  return unnamed.length >= 2 ? [...named, ...unnamed] : named;
}

function isLimit({ code, message }: RowError): boolean {
  return LIMITS.has(code) || (!isLock(message) && LIMIT_TEXT.test(message));
}

function isAutomation({ code, message }: RowError): boolean {
  return AUTOMATION.has(code) && !isLock(message);
}

/** A locked row is written again later, by itself. */
function isLock(message: string): boolean {
  return /\bUNABLE_TO_LOCK_ROW\b/.test(message);
}
