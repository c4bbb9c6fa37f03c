// Reads the numbers of an export: 1200, 49.5, 1 234, $1200, (1200), '1200. Without a setting in the
// mapping, a separator that can be read in two ways is refused: 1,200 and 1.200 are 1200 in some
// countries and 1.2 in others.

/** The decimal separator. */
export type Decimal = 'point' | 'comma';

/** Why a text is not a number. `reason` follows the text. */
export interface NumberProblem {
  readonly reason: string;
  readonly fix: string;
}

/** Rewrites a number of an export as -1234.5, or says why it cannot be read. */
export type PlainNumber = (text: string) => string | NumberProblem;

// Digit groups have three digits: 1.2 must not become 12, and 12.34 must not become 1234.
const FORMS: Readonly<Record<Decimal, RegExp>> = {
  point: /^(\d{1,3}(?:[, '\u2019\u00A0\u202F]\d{3})+|\d+)(?:\.(\d+))?$/,
  comma: /^(\d{1,3}(?:[. '\u2019\u00A0\u202F]\d{3})+|\d+)(?:,(\d+))?$/,
};
// The groups of a number without a setting: only marks that no country reads as a decimal separator.
const SAFE_FORM = /^(\d{1,3}(?:[ '\u2019\u00A0\u202F]\d{3})+|\d+)(?:\.(\d+))?$/;
const PLAIN = /^[+-]?\d+$/;
const EXPONENT = /^[+-]?\d+(?:\.\d+)?e[+-]?\d+$/i;
const AMBIGUOUS = /^[1-9]\d{0,2}[.,]\d{3}$/;
// 11-50 becomes Nov-50, and 2-10 becomes 2-Oct or 10-Feb.
const MONTH = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez|mär';
const SHEET_RANGE = new RegExp(`^(?:(?:${MONTH})[-. ]\\d{1,4}|\\d{1,2}[-. ](?:${MONTH}))\\.?$`, 'i');
const SEPARATED = /^[\d.,]+$/;
const CODES =
  'USD|EUR|GBP|CHF|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|UAH|JPY|CNY|KRW|INR|AUD|CAD|NZD|BRL|MXN|SGD|HKD|ZAR|AED|SAR|ILS';
const SIGNS = `\\p{Sc}|(?:US|C|A|NZ|HK|S|R)\\$|Fr\\.|kr\\.?|zł|Kč|Ft|lei|${CODES}`;
const CURRENCY = new RegExp(`^(?:${SIGNS})\\s*|\\s*(?:${SIGNS})$`, 'u');

const DECIMAL_FIX = 'Under csv, write decimal: point (for 1,234.5) or decimal: comma (for 1.234,5).';

export function numberReader(decimal: Decimal | undefined): PlainNumber {
  const form = decimal === undefined ? SAFE_FORM : FORMS[decimal];
  return (text) => {
    if (PLAIN.test(text)) return text;
    const { sign, amount } = withoutMarks(text);
    if (EXPONENT.test(amount)) return sign + amount;
    const [, whole, decimals] = form.exec(amount) ?? [];
    if (whole === undefined || (decimal === undefined && AMBIGUOUS.test(amount))) return problemOf(amount, decimal);
    const digits = whole.replaceAll(/\D/g, '');
    return `${sign}${digits}${decimals === undefined ? '' : `.${decimals}`}`;
  };
}

/** Takes off Excel's apostrophe, a currency, and the sign: (1200), −1200, +1200. */
function withoutMarks(text: string): { readonly sign: '' | '-'; readonly amount: string } {
  let amount = text.trim().replace(/^'/, '');
  let sign: '' | '-' = '';
  const cutSign = (): void => {
    const [found = ''] = /^[+\-\u2212]\s*/.exec(amount) ?? [];
    if (found !== '' && !found.startsWith('+')) sign = '-';
    amount = amount.slice(found.length);
  };
  const [, inner] = /^\((.+)\)$/.exec(amount) ?? [];
  if (inner !== undefined) {
    sign = '-';
    amount = inner.trim();
  }
  cutSign();
  amount = amount.replace(CURRENCY, '').trim();
  cutSign();
  return { sign, amount };
}

function problemOf(amount: string, decimal: Decimal | undefined): NumberProblem {
  if (/%$/.test(amount)) {
    return { reason: 'has a percent sign, and 45 % can mean 45 or 0.45', fix: 'Write the number alone.' };
  }
  if (/^[\d.,]+-$/.test(amount)) return { reason: 'has its sign at the end', fix: 'Write -1200.' };
  if (/^[\d.,]+\s*(?:[kmb]|mio\.?|mrd\.?|tsd\.?)$/i.test(amount)) {
    return { reason: 'is shortened with a letter', fix: 'Write all digits: 1200 for 1.2k.' };
  }
  if (/^\d[\d.,]*\s*(?:-|–|—|to|bis)\s*\d[\d.,]*$|^[<>≤≥~]\s*\d|\d\+$/.test(amount)) {
    const fix = 'Translate it with a table: tables: { sizes: { "51-200": 120 } }, and table: sizes at the field.';
    return { reason: 'is a range, not a number', fix };
  }
  if (SHEET_RANGE.test(amount)) {
    const fix = 'Format the column as text before the file is opened in a spreadsheet, and export it again.';
    return { reason: 'looks like a range such as 11-50 that a spreadsheet made a date of', fix };
  }
  if (!SEPARATED.test(amount)) {
    return {
      reason: 'is not a number',
      fix: 'Write it as 1200 or 49.5, without units, or add its text to csv.unknown.',
    };
  }
  if (decimal !== undefined) {
    const other = decimal === 'point' ? 'comma' : 'point';
    return {
      reason: `is not a number with decimal: ${decimal}`,
      fix: `Correct it, or write decimal: ${other} under csv.`,
    };
  }
  const [, whole = '', part = ''] = /^(\d+)[.,](\d{3})$/.exec(amount) ?? [];
  if (AMBIGUOUS.test(amount)) return { reason: `can be ${Number(whole + part)} or ${whole}.${part}`, fix: DECIMAL_FIX };
  return { reason: 'has separators that the mapping does not declare', fix: DECIMAL_FIX };
}
