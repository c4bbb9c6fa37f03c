// What is kept of a CRM's error. Its message may quote any value of a record, so it goes to the error
// list only, without addresses; logs get the code and the names of our own properties.

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

const CODE = /^[A-Za-z][\w.:-]{0,80}$/;

/** A code of the CRM, or null: a text that is not a code may be a value of a record. */
export function safeCode(code: string | undefined): string | null {
  return code !== undefined && CODE.test(code) ? code : null;
}

/** The names of our own properties in a CRM's message, in brackets; empty if it names none. */
export function ownPropertiesIn(message: string): string {
  const names = new Set(message.slice(0, MAX_READ_LENGTH).match(/\bleadgrade_\w{1,40}/gi));
  return names.size === 0 ? '' : ` (${[...names].join(', ')})`;
}
