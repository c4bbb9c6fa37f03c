// Reads the numbers of an export. Without a setting in the mapping, only 1200 and 49.5 are numbers:
// 1,200 is 1200 in some countries and 1.2 in others.

/** The decimal separator. */
export type Decimal = 'point' | 'comma';

/**
 * Rewrites a number of the declared format as 1234.5. Any other text is returned unchanged and
 * fails to convert to a number later.
 */
export type PlainNumber = (text: string) => string;

// Digit groups have three digits: 1.2 must not become 12, and 12.34 must not become 1234.
const FORMS: Readonly<Record<Decimal, RegExp>> = {
  point: /^([+-]?)(\d{1,3}(?:[, '\u00A0\u202F]\d{3})+|\d+)(?:\.(\d+))?$/,
  comma: /^([+-]?)(\d{1,3}(?:[. '\u00A0\u202F]\d{3})+|\d+)(?:,(\d+))?$/,
};

export function numberReader(decimal: Decimal | undefined): PlainNumber {
  if (decimal === undefined) return (text) => text;
  return (text) => {
    const [, sign = '', whole, decimals] = FORMS[decimal].exec(text.trim()) ?? [];
    if (whole === undefined) return decimal === 'comma' ? invalidate(text) : text;
    const digits = whole.replaceAll(/\D/g, '');
    return `${sign}${digits}${decimals === undefined ? '' : `.${decimals}`}`;
  };
}

/** In a file with decimal commas, 1200.5 is not a number and must not be read as one. */
function invalidate(text: string): string {
  return /^[+-]?\d+\.\d+$/.test(text.trim()) ? `${text} (point)` : text;
}
