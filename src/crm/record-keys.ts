// How a CRM writes the IDs of its records, and where the URLs of its app name them. No API call.

/** The ID in the form that the API returns, or what is wrong with the text, for a person. */
export type ParsedRecordId = { readonly id: string } | { readonly problem: string };

/** `account`: the account that the URL names; absent if the URLs of the CRM name none. */
export type ParsedRecordUrl = ({ readonly id: string } | { readonly problem: string }) & { readonly account?: string };

export interface RecordKeys {
  parseId(text: string): ParsedRecordId;
  /** @returns null if the URL is not one of this CRM's app */
  parseUrl(url: URL): ParsedRecordUrl | null;
}
