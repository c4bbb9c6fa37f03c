// Recognizes a file that is not the mapping of a CSV export: the mapping of a CRM, a model, or a mapping
// without `csv`.

const KINDS: readonly { readonly key: RegExp; readonly is: string }[] = [
  { key: /^crm:\s*(\S*)/m, is: 'the mapping of a CRM' },
  { key: /^match:/m, is: 'the file that matches people' },
  { key: /^(?:fit|behavior|status):/m, is: 'a model' },
];
const EXAMPLE = 'docs/exports.md has an example.';

/** @returns null if the file has `csv`, so that its own problems say more */
export function wrongMappingLine(text: string, file: string): string | null {
  if (/^\s*[{[]/.test(text) || /^csv:/m.test(text)) return null;
  if (text.replace(/^\s*#.*$/gm, '').trim() === '') {
    return `${file}: the file is empty. Write csv: { id: Id } and fields; ${EXAMPLE}`;
  }
  const kind = KINDS.find(({ key }) => key.test(text));
  if (kind !== undefined) {
    const crm = /^crm:\s*(\w+)/m.exec(text)?.[1];
    const what = crm === undefined ? kind.is : `${kind.is} (crm: ${crm})`;
    return `${file}: this is ${what}, not the mapping of a CSV export, which begins with csv: { id: ... }. ${EXAMPLE}`;
  }
  const id = /^id:\s*(.+?)\s*$/m.exec(text)?.[1];
  if (id !== undefined) {
    const line = text.split('\n').findIndex((each) => /^id:/.test(each)) + 1;
    return `${file}:${line} id: csv is missing, and the column of the id belongs there. Write csv: { id: ${id} } in place of id: ${id}.`;
  }
  return `${file}: csv is missing. Write csv: { id: Id } with the column of the id; ${EXAMPLE}`;
}
