// What a CRM says of a failure, fit for logs and lists of errors.

const READ_LENGTH = 4_000;
const SHOWN_LENGTH = 300;

/** CRMs quote values in their messages; addresses must not reach logs. */
export function redactPersonalData(message: string): string {
  // The search for addresses takes long in a long text; the last word may be half an address.
  const read = message.length > READ_LENGTH ? message.slice(0, READ_LENGTH).replace(/\S*$/, '') : message;
  const clean = read.replace(/[^\s"'<>:;,()[\]]+@[^\s"'<>:;,()[\]]+/g, '[address]');
  return clean.length > SHOWN_LENGTH ? `${clean.slice(0, SHOWN_LENGTH)}...` : clean;
}
