// Reads the cells of the columns that a mapping names: trimmed, with null for unknown.
import { comparedTexts } from '../../mapping/known-values.ts';
import { unknownTexts, valuesOfKind } from '../../mapping/values/unknown-texts.ts';
import { cleanCell, isGarbled } from '../clean-cell.ts';
import { type ColumnSource, type CsvMapping, mappedColumns } from '../csv-mapping.ts';
import type { Columns } from '../header.ts';
import type { CellNotes } from './cell-notes.ts';

/** Cells by column, trimmed; null = unknown. */
export type Row = Readonly<Record<string, string | null>>;

/** Cells that mean unknown by default are counted in `notes`. */
export function cellReader(mapping: CsvMapping, columns: Columns, notes: CellNotes): (cells: readonly string[]) => Row {
  const readers = mappedColumns(mapping).map((name) => {
    return { name, index: columns.get(name) ?? -1, unknown: unknownTexts(mapping.csv, valuesIn(mapping, name)) };
  });
  return (cells) => {
    const row: Record<string, string | null> = {};
    for (const { name, index, unknown } of readers) {
      const text = cleanCell(cells[index] ?? '');
      if (isGarbled(text)) notes.add('garbled', name, '');
      const cause = text === '' ? 'listed' : unknown(text);
      if (cause === 'usual') notes.add('unknown-text', name, text);
      row[name] = cause === null ? text : null;
    }
    return row;
  };
}

/** The texts of a column that the mapping names in a table, a condition or the outcome. */
function valuesIn(mapping: CsvMapping, column: string): readonly string[] {
  const rules = mapping.activities ?? [];
  const attributes = rules.flatMap((rule) => Object.values(rule.attributes ?? {}));
  const sources = [...Object.values(mapping.fields), ...attributes].filter(isColumnSource);
  const used = sources.filter(({ from }) => [from].flat().includes(column));
  return [
    ...used.flatMap(({ as, table }) => [...valuesOfKind(as), ...Object.keys(mapping.tables?.[table ?? ''] ?? {})]),
    ...rules.flatMap(({ when }) => (when === undefined ? [] : comparedTexts(when, column))),
    ...(mapping.outcome?.column === column ? [mapping.outcome.is].flat() : []),
  ];
}

function isColumnSource(source: string | object): source is ColumnSource {
  return typeof source === 'object' && 'from' in source;
}
