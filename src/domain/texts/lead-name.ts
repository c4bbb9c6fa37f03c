/** `hubspot:123`, the first record of a lead. */
export function leadName([first]: readonly { readonly crm: string; readonly id: string }[]): string {
  return `${first?.crm}:${first?.id}`;
}
