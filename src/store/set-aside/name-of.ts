// How a text names what is set aside. It contains no words of the CRM, which may quote personal data.

const NAMED_IDS = 3;

interface Named {
  readonly stream: string;
  readonly kind: string;
  readonly ids: readonly string[];
  readonly count: number;
}

const WHOLE: Readonly<Record<string, (stream: string) => string>> = {
  stream: (stream) => `the stream ${stream}`,
  records: (object) => `reading ${object}`,
  counters: (object) => `the counters of ${object}`,
  links: (object) => `the links of ${object}`,
  write: (object) => `writing ${object}`,
  'bulk-write': (object) => `the bulk write of ${object}`,
  check: (call) => `the check of ${call}`,
};

const ONE: Readonly<Record<string, (stream: string) => string>> = {
  record: (object) => `record of ${object}`,
  counters: (object) => `the counters of a record of ${object}`,
  links: (object) => `the links of a record of ${object}`,
  'named-item': (stream) => `item of ${stream}`,
  item: (stream) => `item of ${stream}`,
  match: (object) => `the person of a record of ${object}`,
  erasure: (object) => `erasing a record of ${object}`,
  'site-event': () => 'the person of a message',
};

/** `form 12 of form_submissions`, `the stream tasks`, `3 records of Lead (1, 2, 3)`. */
export function nameOf({ stream, kind, ids, count }: Named): string {
  const [first = ''] = ids;
  if (first === '') return (WHOLE[kind] ?? ((name) => name))(stream);
  const what = ONE[kind]?.(stream) ?? `${kind} of ${stream}`;
  if (count === 1) return `${what}: ${first}`;
  const named = ids.slice(0, NAMED_IDS).join(', ');
  return `${count} times ${what}: ${named}${count > NAMED_IDS ? ', ...' : ''}`;
}
