// Validates written values as HubSpot does: every value is text, and one invalid value rejects the
// whole request.
import { badRequest, type HubSpotError } from '../hubspot-error.ts';
import type { PropertyDefinition } from './property-definition.ts';
import type { PropertyRegistry } from './property-registry.ts';

/**
 * https://knowledge.hubspot.com/properties/property-field-types-in-hubspot: text holds 65,536
 * characters.
 */
const MAX_TEXT = 65_536;

interface ValueProblem {
  readonly isValid: false;
  readonly message: string;
  readonly error: string;
  readonly name: string;
  readonly localizedErrorMessage: string;
}

/** @param error HubSpot's code */
export function valueProblem(error: string, message: string, name: string): ValueProblem {
  return { isValid: false, message, error, name, localizedErrorMessage: message };
}

/** The valid values as stored, and the problems of the others. */
export interface CheckedValues {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly ValueProblem[];
}

/** @param written by property name; "" clears a property */
export function checkValues(registry: PropertyRegistry, written: Readonly<Record<string, string>>): CheckedValues {
  const values = new Map<string, string>();
  const problems: ValueProblem[] = [];
  for (const [name, value] of Object.entries(written)) {
    const checked = checkValue(registry.get(name), name, value);
    if (typeof checked === 'string') values.set(name, checked);
    else problems.push(checked);
  }
  return { values, problems };
}

/**
 * One 400 for all problems, which names properties but no records. HubSpot lists the problems in
 * the message text (https://github.com/gregorspan/csc-frodx/issues/21) and as `errors`, each with a
 * `code` and a `context` of lists (https://developers.hubspot.com/docs/api-reference/error-handling;
 * the key `propertyName`: recorded responses).
 */
export function invalidValues(problems: readonly ValueProblem[]): HubSpotError {
  const errors = problems.map(({ message, error, name }) => {
    return { message, code: error, context: { propertyName: [name] } };
  });
  return badRequest(`Property values were not valid: ${JSON.stringify(problems)}`, { errors });
}

// White space, and the invisible characters that HubSpot rejects like white space.
const EDGE_SPACE = /^[\s\u200b-\u200d\u2060\ufeff]|[\s\u200b-\u200d\u2060\ufeff]$/;

function checkValue(property: PropertyDefinition | undefined, name: string, value: string): string | ValueProblem {
  const problem = (error: string, message: string) => valueProblem(error, message, name);
  if (!property) return problem('PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`);
  if (property.readOnlyValue) {
    return problem('READ_ONLY_VALUE', `"${name}" is a read only property; its value cannot be set.`);
  }
  if (value === '') return value;
  if (property.type !== 'string' && EDGE_SPACE.test(value)) {
    return problem('LEADING_TRAILING_WHITESPACE', `"${value}" includes leading or trailing whitespace.`);
  }
  if (name === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
    return problem('INVALID_EMAIL', `Email address ${value} is invalid`);
  }
  return CHECKS[property.type](value, property, problem);
}

type Check = (
  value: string,
  property: PropertyDefinition,
  problem: (error: string, message: string) => ValueProblem,
) => string | ValueProblem;

const text: Check = (value, _property, problem) =>
  value.length > MAX_TEXT
    ? problem(
        'PROPERTY_VALUE_TOO_LONG',
        `Property value was too long: ${value.length} of at most ${MAX_TEXT} characters.`,
      )
    : value;

const option: Check = (value, property, problem) => {
  // External options (owners) are not listed, so any value is valid.
  if (property.options.length === 0 && property.hubspotDefined) return value;
  const chosen = property.fieldType === 'checkbox' ? value.split(';').filter((part) => part !== '') : [value];
  if (chosen.every((part) => property.options.some((each) => each.value === part))) return value;
  const allowed = property.options.map(({ value: each }) => each).join(', ');
  return problem('INVALID_OPTION', `${value} was not one of the allowed options: [${allowed}]`);
};

const CHECKS: Readonly<Record<PropertyDefinition['type'], Check>> = {
  string: text,
  phone_number: text,
  enumeration: option,
  bool: option,
  number: (value, _property, problem) =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)
      ? value
      : problem('INVALID_DOUBLE', `${value} was not a valid number.`),
  // Epoch milliseconds or an ISO instant; stored and returned as an ISO instant.
  datetime: (value, _property, problem) => {
    const at = instantOf(value);
    return at === null ? problem('INVALID_LONG', `${value} was not a valid long.`) : new Date(at).toISOString();
  },
  // YYYY-MM-DD, or epoch milliseconds of a midnight UTC.
  date: (value, _property, problem) => {
    const at = /^\d{4}-\d\d-\d\d$/.test(value) ? instantOf(`${value}T00:00:00Z`) : instantOf(value);
    if (at === null) return problem('INVALID_LONG', `${value} was not a valid long.`);
    if (at % 86_400_000 !== 0)
      return problem('INVALID_DATE', `${value} is at ${new Date(at).toISOString()}, not midnight!`);
    return new Date(at).toISOString().slice(0, 10);
  },
};

/** Epoch ms of `1767225600000`, `2026-01-01T00:00:00Z` or `2026-01-01`; null for anything else. */
export function instantOf(value: string): number | null {
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}
