// Makes a CRM's error message safe for logs and error lists.

const MAX_READ_LENGTH = 4_000;
const MAX_SHOWN_LENGTH = 300;

/** Removes e-mail addresses, which CRMs quote in their messages, and truncates the text. */
export function redactPersonalData(message: string): string {
  // Searching a long text for addresses is slow. The last word of a truncated text may be half an
  // address.
  const read = message.length > MAX_READ_LENGTH ? message.slice(0, MAX_READ_LENGTH).replace(/\S*$/, '') : message;
  const redacted = read.replace(/[^\s"'<>:;,()[\]]+@[^\s"'<>:;,()[\]]+/g, '[address]');
  return redacted.length > MAX_SHOWN_LENGTH ? `${redacted.slice(0, MAX_SHOWN_LENGTH)}...` : redacted;
}
