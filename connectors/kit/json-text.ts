// Something that was parsed as JSON, as text again.

/** '' where it is nested deeper than the stack. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
