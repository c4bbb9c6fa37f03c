// Query errors with their position, in Salesforce's format.
import { badRequest, type SalesforceError } from '../salesforce-error.ts';

const CONTEXT_CHARACTERS = 40;

/** @param token the cause of the error; the position is its first occurrence as a word */
export function queryError(soql: string, errorCode: string, token: string, message: string): SalesforceError {
  const at = Math.max(0, positionOf(soql, token));
  const row = soql.slice(0, at).split('\n').length;
  const lineStart = soql.lastIndexOf('\n', at - 1) + 1;
  const from = Math.max(lineStart, at - CONTEXT_CHARACTERS);
  const line = soql.slice(from, at + token.length + CONTEXT_CHARACTERS).split('\n')[0] ?? '';
  const pointer = `${' '.repeat(at - from)}^`;
  const column = at - lineStart + 1;
  return badRequest(errorCode, `\n${line}\n${pointer}\nERROR at Row:${row}:Column:${column}\n${message}`);
}

function positionOf(soql: string, token: string): number {
  const word = token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return soql.search(new RegExp(`(?<![\\w.])${word}(?!\\w)`, 'i'));
}

export function malformed(soql: string, token: string, message = `unexpected token: '${token}'`): SalesforceError {
  return queryError(soql, 'MALFORMED_QUERY', token, message);
}

/** For SOQL that Salesforce may support and the sandbox does not. */
export function notSupported(what: string): SalesforceError {
  return badRequest('MALFORMED_QUERY', `the sandbox does not evaluate ${what}`);
}

export function unknownObject(soql: string, name: string): SalesforceError {
  const message = `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`;
  return queryError(soql, 'INVALID_TYPE', name, message);
}

export function unknownField(soql: string, path: string, name: string, object: string): SalesforceError {
  const message = `No such column '${name}' on entity '${object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`;
  return queryError(soql, 'INVALID_FIELD', path, message);
}

export function unknownRelationship(soql: string, path: string, name: string): SalesforceError {
  const message = `Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`;
  return queryError(soql, 'INVALID_FIELD', path, message);
}
