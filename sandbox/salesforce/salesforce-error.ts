// Salesforce's error responses with their original bodies. sandbox/salesforce.md lists the source
// of each body.

/** The error of one record in a write. */
export interface RecordError {
  readonly statusCode: string;
  readonly message: string;
  readonly fields: readonly string[];
}

/** The error of a whole request. Its body is a list with one error. */
export class SalesforceError extends Error {
  override readonly name = 'SalesforceError';
  readonly status: number;
  readonly code: string;
  readonly body: unknown;

  constructor(status: number, errorCode: string, message: string, fields?: readonly string[]) {
    super(message);
    this.status = status;
    this.code = errorCode;
    this.body = [{ message, errorCode, ...(fields === undefined ? {} : { fields }) }];
  }
}

/** 400 */
export function badRequest(errorCode: string, message: string, fields?: readonly string[]): SalesforceError {
  return new SalesforceError(400, errorCode, message, fields);
}

/** 404, also for an unknown path. */
export function notFound(): SalesforceError {
  return new SalesforceError(404, 'NOT_FOUND', 'The requested resource does not exist');
}

export function invalidSession(): SalesforceError {
  return new SalesforceError(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
}

export function requestLimitExceeded(): SalesforceError {
  return new SalesforceError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
}

export function insufficientAccess(): SalesforceError {
  return new SalesforceError(
    403,
    'INSUFFICIENT_ACCESS',
    "You don't have the appropriate permissions to perform this operation",
  );
}

/** For a JSON value that the field's type does not allow. */
export function unreadableValue(type: string, value: unknown): SalesforceError {
  const kind = typeof value === 'string' ? 'STRING' : typeof value === 'number' ? 'NUMBER_INT' : 'OBJECT';
  const shown = typeof value === 'boolean' ? `VALUE_${String(value).toUpperCase()}` : `VALUE_${kind} value`;
  const valueText = typeof value === 'string' || typeof value === 'number' ? ` ${value}` : '';
  return badRequest(
    'JSON_PARSER_ERROR',
    `Cannot deserialize instance of ${type} from ${shown}${valueText} or request may be missing a required field at [line:1, column:2]`,
  );
}

/** The message of writes; queries have another one. */
export function noSuchColumn(field: string, object: string): SalesforceError {
  return badRequest('INVALID_FIELD', `No such column '${field}' on sobject of type ${object}`);
}
