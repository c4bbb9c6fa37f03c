// Numbers as exports write them. Without a word from the mapping only 1200 and 49.5 are numbers: 1,200 is twelve hundred in one
// country and one and a fifth in another.

/** What stands before the decimals. */
export type Decimal = 'point' | 'comma';

/** Rewrites a number of the declared form as 1234.5; any other text stays as it is, and is refused where a number is wanted. */
export type PlainNumber = (text: string) => string;

// Groups are of three, or it is another form: 1.2 is no 12, and 12.34 no 1234.
const FORMS: Readonly<Record<Decimal, RegExp>> = {
  point: /^([+-]?)(\d{1,3}(?:[, '\u00A0\u202F]\d{3})+|\d+)(?:\.(\d+))?$/,
  comma: /^([+-]?)(\d{1,3}(?:[. '\u00A0\u202F]\d{3})+|\d+)(?:,(\d+))?$/,
};

export function numberReader(decimal: Decimal | undefined): PlainNumber {
  if (decimal === undefined) return (text) => text;
  return (text) => {
    const [, sign = '', whole, decimals] = FORMS[decimal].exec(text.trim()) ?? [];
    if (whole === undefined) return decimal === 'comma' ? refused(text) : text;
    const digits = whole.replaceAll(/\D/g, '');
    return `${sign}${digits}${decimals === undefined ? '' : `.${decimals}`}`;
  };
}

/** 1200.5 is no number of a file that writes 1200,5: it would be read as if it were of the other form. */
function refused(text: string): string {
  return /^[+-]?\d+\.\d+$/.test(text.trim()) ? `${text} (point)` : text;
}
