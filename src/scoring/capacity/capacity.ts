// The capacity of a band in a model file: `capacity: 60 per week`.

const UNITS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 365.25 / 12 };
const DAY_MS = 86_400_000;
/** Arrivals of so many last days count. */
export const WINDOW_MS = 28 * DAY_MS;
/** With less history than that, the floor applies. */
export const NEEDED_MS = 14 * DAY_MS;
export const CAPACITY = /^(\d+(?:\.\d+)?) per (day|week|month)$/;

/** @returns leads per week; null unless the text is a number above 0 and `per day`, `per week` or `per month` */
export function parseCapacity(text: string): number | null {
  const [, number, unit = ''] = CAPACITY.exec(text) ?? [];
  const days = UNITS[unit];
  const leads = Number(number);
  return days !== undefined && leads > 0 ? (leads * 7) / days : null;
}

/** `60 leads a week` means `60 per week`; null if unclear. */
export function guessCapacity(value: string): string | null {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*\D*?(day|dai|week|month)(?:s|ly|y)?\s*$/iu.exec(value) ?? [];
  const name = unit?.toLowerCase().replace('dai', 'day');
  return number === undefined || name === undefined || !(Number(number) > 0) ? null : `${number} per ${name}`;
}
