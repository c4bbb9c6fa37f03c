// What the org's own rules and limits do to the calls of others: the assignment rule for Leads,
// flows and triggers that exceed a governor limit, records that break a whole call, and queries
// that scan too much.
import { z } from 'zod';
import { badRequest, type RecordError, SalesforceError } from '../salesforce-error.ts';

const automationSchema = z.strictObject({
  /**
   * The active Lead assignment rule gives each Lead that the API creates or updates to the queue of
   * the org, unless the call has the header `Sforce-Auto-Assign: FALSE`.
   * https://developer.salesforce.com/docs/platform/api-rest/guide/headers-autoassign.html
   */
  assignmentRule: z.boolean().default(true),
  /**
   * Governor limits: a transaction with more records of the object fails for all of them, with the
   * words of the flow or trigger, in the language of the user.
   * https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_gov_limits.htm
   */
  transactions: z
    .array(
      z.strictObject({
        object: z.string(),
        maxRecords: z.int().min(0),
        message: z.string(),
        statusCode: z.string().default('CANNOT_EXECUTE_FLOW_TRIGGER'),
      }),
    )
    .default([]),
  /** Records whose write makes the whole call answer with this status. */
  breaking: z.array(z.strictObject({ id: z.string(), status: z.int() })).default([]),
  /**
   * Queries of the object that match more records (before LIMIT) are refused.
   * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm
   */
  queries: z.array(z.strictObject({ object: z.string(), maxRecords: z.int().min(0), code: z.string() })).default([]),
});

const MESSAGES: Readonly<Record<string, string>> = {
  OPERATION_TOO_LARGE: "exceeded 100000 distinct who/what's",
  QUERY_TIMEOUT: 'Your query request was running for too long.',
};

export class Automation {
  #settings = automationSchema.parse({});

  /** @throws ZodError */
  set(settings: unknown): void {
    this.#settings = automationSchema.parse(settings);
  }

  /** @param header `Sforce-Auto-Assign`; without it the active rule runs */
  runsAssignmentRule(header: string | undefined): boolean {
    return this.#settings.assignmentRule && header?.toUpperCase() !== 'FALSE';
  }

  /** The error of every record of a transaction; null = within the limits. */
  transactionError(object: string, records: number): RecordError | null {
    const limit = this.#settings.transactions.find((each) => each.object === object && records > each.maxRecords);
    return limit === undefined ? null : { statusCode: limit.statusCode, message: limit.message, fields: [] };
  }

  /** @throws SalesforceError when one of the records breaks the whole call */
  checkBreaking(ids: readonly string[]): void {
    const found = this.#settings.breaking.find(({ id }) => ids.includes(id));
    if (found === undefined) return;
    const message = 'An unexpected error occurred. Please include this ErrorId if you contact support: 1234-5678';
    throw new SalesforceError(found.status, 'UNKNOWN_EXCEPTION', message);
  }

  /** @param records how many match @throws SalesforceError */
  checkQuery(object: string, records: number): void {
    const limit = this.#settings.queries.find((each) => each.object === object && records > each.maxRecords);
    if (limit !== undefined) throw badRequest(limit.code, MESSAGES[limit.code] ?? 'the query is too large');
  }
}
