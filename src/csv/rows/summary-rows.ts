// Recognizes the rows that a report adds to its records: subtotals, counts and the grand total. They
// have no lead.

// Excel, Salesforce and other report tools, in the languages of the core markets; lower case.
const WORDS = `
total; totals; subtotal; sub-total; sub total; subtotals; grand total; grand totals; count; counts; record count; row count; sum
average; avg; total records; total rows; overall; total count
gesamt; gesamtsumme; gesamtergebnis; gesamtanzahl; zwischensumme; zwischensummen; teilergebnis; teilsumme; summe; endsumme; anzahl
anzahl der datensätze; anzahl datensätze; datensatzanzahl; durchschnitt; mittelwert; insgesamt
sous-total; sous total; sous-totaux; total général; totaux; nombre; nombre d'enregistrements; somme; moyenne; total partiel; décompte
total general; total parcial; subtotales; totales; recuento; número de registros; suma; promedio; media; conteo; cantidad
subtotale; totale; totale generale; totale parziale; conteggio; somma; numero di record
subtotaal; totaal; eindtotaal; algemeen totaal; aantal; aantal records; som; gemiddelde
contagem; soma; média; total geral; número de registos; contagem de registros
delsumma; summa; totalt; antal; slutsumma; i alt; delsum; totalsum; antall; suma częściowa; suma końcowa; razem; liczba rekordów; łącznie; celkem
`;
const SUMMARY_WORDS: ReadonlySet<string> = new Set(WORDS.split(/[;\n]/).flatMap((word) => word.trim() || []));
const MAX_LENGTH = 40;
// "Grand Total (3 records)", "Total: 25", "Subtotal - 2".
const TAIL = /\s*(?:[(:=].*|[-–]\s*[\d.,\s]+|\s[\d.,]+(?:\s\p{L}+)?)$/u;
const NUMBER = /^[\s\d.,'%()+\p{Sc}-]*$/u;
// "Sum of Annual Revenue".
const SUM_OF = /^(?:sum|average|count|number|total) of\b/;

/** Whether a cell has a word such as "Subtotal" or "Gesamtsumme (3)". */
function isSummaryWord(cell: string): boolean {
  if (cell.length > MAX_LENGTH) return false;
  const text = cell.trim().toLowerCase();
  if (SUMMARY_WORDS.has(text) || SUM_OF.test(text)) return true;
  // A word of one to three parts, and only then the pattern: most cells end here.
  return /[(:=\d]/.test(text) && SUMMARY_WORDS.has(text.replace(TAIL, ''));
}

/**
 * Whether a row is a summary: its id is such a word, or one of its first cells is and the other cells
 * have nothing but numbers. A company named Total keeps its lead: its row has a title or a name.
 * @param id the index of the column with the id
 */
export function isSummaryRow(cells: readonly string[], id: number): boolean {
  if (isSummaryWord(cells[id] ?? '')) return true;
  const first = cells.findIndex((cell) => cell.trim() !== '');
  if (first === -1 || !isSummaryWord(cells[first] ?? '')) return false;
  return cells.every((cell, index) => index <= first || NUMBER.test(cell) || isSummaryWord(cell));
}
