// What a CRM says of a failure, fit for logs and lists of errors.

const SHOWN_LENGTH = 300;

/** CRMs quote values in their messages; addresses must not reach logs. */
export function withoutPersonalData(message: string): string {
  const clean = message.replace(/[^\s"'<>:;,()[\]]+@[^\s"'<>:;,()[\]]+/g, '[address]');
  return clean.length > SHOWN_LENGTH ? `${clean.slice(0, SHOWN_LENGTH)}...` : clean;
}
