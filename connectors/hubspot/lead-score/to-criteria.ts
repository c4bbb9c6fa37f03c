// Rules on properties as criteria of fit.
import { type ImportNote, joined, type Part, type RulePlace, type Translated, toId, unmapped } from './imported.ts';
import type { Calculation, Operation, ScoreCondition } from './score-schema.ts';
import { fieldOf, operationName, toCondition } from './to-condition.ts';

type Object = 'contacts' | 'companies';

export function toCriteria(calculation: Calculation, place: RulePlace, object: Object = 'contacts'): Translated {
  switch (calculation.type) {
    case 'MATCH':
      return fromMatch(calculation, place, object);
    case 'CONDITIONAL':
      return fromConditional(calculation, place, object);
    case 'MULTI':
      return joined(
        (calculation.calculators ?? []).map((each, index) =>
          toCriteria(each, { ...place, id: `${place.id}_${index + 1}` }, object),
        ),
      );
    case 'ASSOCIATIONS':
      return fromAssociation(calculation, place);
    case 'CONSTANT':
      return unmapped(
        place,
        `it gives every record ${calculation.value ?? 0} points.`,
        'Nothing: lower the thresholds of the bands by these points.',
      );
    case 'SEGMENT_MEMBERSHIP':
      return fromSegments(calculation, place);
    default:
      return unmapped(place, `${calculation.type} is unknown.`, 'A criterion or signal that says the same.');
  }
}

function fromMatch(
  { property = '', matchRules = [], defaultValue = 0 }: Calculation,
  place: RulePlace,
  object: Object,
): Translated {
  const field = fieldOf(`${object}.${property}`, place.mapping);
  const notes: ImportNote[] = [
    ...missingField(
      field,
      `${object}.${property}`,
      place,
      matchRules.map(({ operation }) => operation),
    ),
  ];
  const cases = matchRules.flatMap(({ operation, value }): Part[] => {
    const when = toCondition(operation, field.source, place.mapping);
    if (when !== null) return [{ when, points: value }];
    notes.push(notOperation(operation, field.name, value, place));
    return [];
  });
  const rest = defaultValue === 0 ? [] : [{ when: { present: true }, points: defaultValue, label: 'Any other value' }];
  const all = [...cases, ...rest];
  if (all.length === 0) return { parts: [], notes };
  return { parts: [{ id: `${place.id}_${toId(property)}`, label: place.label, field: field.name, cases: all }], notes };
}

function fromConditional({ value = 0, whereCondition }: Calculation, place: RulePlace, object: Object): Translated {
  const notes: ImportNote[] = [];
  const singles = flatten(whereCondition);
  const conditions = singles.flatMap(({ property = '', operation }): Part[] => {
    const field = fieldOf(`${object}.${property}`, place.mapping);
    notes.push(...missingField(field, `${object}.${property}`, place, operation === undefined ? [] : [operation]));
    const when = operation === undefined ? null : toCondition(operation, field.source, place.mapping);
    if (when !== null) return [{ field: field.name, ...when }];
    if (operation !== undefined) notes.push(notOperation(operation, field.name, value, place));
    return [];
  });
  // With a condition left out, the rule would give its points to more records.
  if (conditions.length === 0 || conditions.length < singles.length) return { parts: [], notes };
  const when = conditions.length === 1 ? conditions[0] : { all: conditions };
  return { parts: [{ id: place.id, label: place.label, cases: [{ when, points: value }] }], notes };
}

function flatten(condition: ScoreCondition | undefined): readonly ScoreCondition[] {
  if (condition === undefined) return [];
  return condition.conditions === undefined ? [condition] : condition.conditions.flatMap(flatten);
}

const COMPANY = '0-2';

function fromAssociation(calculation: Calculation, place: RulePlace): Translated {
  const { associatedObjectTypeId, associationFilters, recordCalculation } = calculation;
  if (associatedObjectTypeId !== COMPANY || associationFilters !== undefined || recordCalculation === undefined) {
    const what =
      associatedObjectTypeId === COMPANY ? 'filtered companies' : `objects of type ${associatedObjectTypeId}`;
    return unmapped(place, `it scores associated ${what}.`, 'A criterion on a contact property that HubSpot computes.');
  }
  const translated = toCriteria(recordCalculation, place, 'companies');
  const why = 'it scores all companies of the contact; Leadgrade reads the primary one.';
  return { ...translated, notes: [...translated.notes, { part: place.part, why, write: 'Nothing; it is imported.' }] };
}

function fromSegments({ segmentMembershipRules = [] }: Calculation, place: RulePlace): Translated {
  return joined(
    segmentMembershipRules.map(({ operation, segmentIds, value }) =>
      unmapped(
        place,
        `it scores segments by number (${operation} ${segmentIds.join(', ')}).`,
        `A signal: { id: ${place.id}, activity: list_joined, where: { list: { one_of: [names of the segments] } }, points: ${value}, half_life: none }`,
      ),
    ),
  );
}

function missingField(
  { name, source }: ReturnType<typeof fieldOf>,
  property: string,
  { part }: RulePlace,
  operations: readonly Operation[],
): readonly ImportNote[] {
  if (source !== null) return [];
  const why = `mappings/hubspot.yaml does not read ${property} yet.`;
  return [
    { part, why, write: `Under fields of mappings/hubspot.yaml: ${name}: { from: ${property}${kindOf(operations)} }` },
  ];
}

/** HubSpot's values are texts; a comparison needs what it compares with. */
function kindOf(operations: readonly Operation[]): string {
  const kinds = operations.map(({ operationType, type }) => operationType ?? type ?? '');
  if (kinds.some((kind) => kind.startsWith('NUMBER'))) return ', as: number';
  return kinds.includes('BOOL') ? ', as: boolean' : '';
}

function notOperation(
  operation: Parameters<typeof operationName>[0],
  field: string,
  points: number,
  { part }: RulePlace,
): ImportNote {
  const why = `the comparison ${operationName(operation)} of ${field} has no counterpart.`;
  return { part, why, write: `A case or signal for its ${points} points.` };
}
