// What differs between two models, in the words of the file: "pricing_page: points 25 → 30". Pure.

type Entry = Readonly<Record<string, unknown>>;

/** What an entry of a list is called. */
const KINDS: Readonly<Record<string, string>> = {
  criteria: 'criterion',
  cases: 'case',
  overrides: 'override',
  signals: 'signal',
  groups: 'group',
  bands: 'band',
  gates: 'gate',
};
/** Printed beside every difference. */
const IGNORED = new Set(['name', 'version']);
const MAX_VALUE_LENGTH = 80;

/**
 * @param before, after the values of two YAML files, as the parser returns them
 * @returns one line for each difference, in the order of the file; empty if nothing but name and version differs
 */
export function modelDifferences(before: unknown, after: unknown): readonly string[] {
  return differences([], withoutNames(before), withoutNames(after));
}

function withoutNames(model: unknown): unknown {
  if (!isEntry(model)) return model;
  return Object.fromEntries(Object.entries(model).filter(([key]) => !IGNORED.has(key)));
}

function differences(place: readonly string[], before: unknown, after: unknown): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isEntry(before) && isEntry(after)) return ofEntries(place, before, after);
  if (Array.isArray(before) && Array.isArray(after)) {
    const lists = [keyed(before), keyed(after)] as const;
    if (lists[0] !== null && lists[1] !== null) return ofLists(place, lists[0], lists[1]);
    const moved = ofValues(place, before, after);
    if (moved !== null) return moved;
  }
  return [`${sentenceStart(place)} ${printed(before)} → ${printed(after)}`];
}

function ofEntries(place: readonly string[], before: Entry, after: Entry): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const here = [...place, key];
    if (!(key in before))
      return isList(after[key])
        ? differences(here, [], after[key])
        : [`${sentenceStart(here)} ${printed(after[key])} is new`];
    if (!(key in after))
      return isList(before[key])
        ? differences(here, before[key], [])
        : [`${sentenceStart(here)} ${printed(before[key])} is gone`];
    return differences(here, before[key], after[key]);
  });
}

function ofLists(
  place: readonly string[],
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): string[] {
  const kind = KINDS[place.at(-1) ?? ''] ?? 'entry';
  const owner = place.at(-1) === 'cases' ? `${ownerOf(place)}: ` : '';
  const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => `${owner}${kind} ${cut(key)} is gone`);
  const changed = [...after].flatMap(([key, entry]) => {
    const former = before.get(key);
    if (former === undefined) return [`${owner}new ${kind} ${cut(key)}${pointsOf(entry)}`];
    return differences([...place, key], former, entry);
  });
  const kept = (list: ReadonlyMap<string, Entry>, other: ReadonlyMap<string, Entry>) =>
    [...list.keys()].filter((key) => other.has(key)).join('\n');
  const isReordered = ORDERED.has(place.at(-1) ?? '') && kept(before, after) !== kept(after, before);
  return [...gone, ...changed, ...(isReordered ? [`${owner}the order of ${place.at(-1)} changed`] : [])];
}

/** What a list of values gained and lost; null if it has others than texts and numbers, or only another order. */
function ofValues(place: readonly string[], before: readonly unknown[], after: readonly unknown[]): string[] | null {
  if ([...before, ...after].some((each) => typeof each === 'object')) return null;
  const added = after.filter((each) => !before.includes(each)).map((each) => `+ ${inline(each)}`);
  const gone = before.filter((each) => !after.includes(each)).map((each) => `- ${inline(each)}`);
  return added.length + gone.length === 0 ? null : [`${sentenceStart(place)} ${[...added, ...gone].join(', ')}`];
}

/** Lists whose first entry that fits counts. */
const ORDERED = new Set(['cases', 'bands', 'overrides']);

/** The entries by id; cases, which have none, by their condition. Null if the entries cannot be told apart. */
function keyed(list: readonly unknown[]): ReadonlyMap<string, Entry> | null {
  const byKey = new Map<string, Entry>();
  for (const entry of list) {
    if (!isEntry(entry)) return null;
    const key = typeof entry.id === 'string' ? entry.id : 'when' in entry ? inline(entry.when) : null;
    if (key === null || byKey.has(key)) return null;
    byKey.set(key, entry);
  }
  return byKey;
}

/** `[fit, criteria, title, cases, {...}, points]` -> `title, case {...}: points`. */
function sentenceStart(place: readonly string[]): string {
  const key = place.at(-1) ?? '';
  const owner = ownerOf(place.slice(0, -1));
  return owner === '' ? `${key}:` : `${owner}: ${key}`;
}

function ownerOf(place: readonly string[]): string {
  const owners = place.flatMap((part, index) => {
    const list = place[index - 1];
    if (list === undefined || KINDS[list] === undefined) return [];
    return list === 'cases'
      ? [`case ${cut(part)}`]
      : list === 'signals' || list === 'criteria'
        ? [part]
        : [`${KINDS[list]} ${part}`];
  });
  const rest = place.slice(lastListIndex(place) + 2).filter((part) => KINDS[part] === undefined);
  return [...owners, ...(owners.length === 0 ? place.filter((part) => KINDS[part] === undefined) : rest)].join(', ');
}

function lastListIndex(place: readonly string[]): number {
  return place.findLastIndex((part, index) => KINDS[part] !== undefined && index < place.length - 1);
}

function pointsOf({ points, label }: Entry): string {
  const words = [
    ...(typeof label === 'string' ? [`"${label}"`] : []),
    ...(typeof points === 'number' ? [`${points} points`] : []),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** As a person writes it in YAML. */
function printed(value: unknown): string {
  return cut(inline(value));
}

function cut(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 3)}...` : text;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (isEntry(value)) {
    const pairs = Object.entries(value).map(([key, each]) => `${key}: ${inline(each)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value === 'string' ? value : String(value);
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && keyed(value) !== null;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
