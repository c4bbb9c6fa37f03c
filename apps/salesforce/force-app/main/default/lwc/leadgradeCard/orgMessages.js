// Extracts the messages of the org from an error of lightning/uiRecordApi.
// https://developer.salesforce.com/docs/platform/lwc/guide/data-error.html

/**
 * @param {object | undefined} error the error of a wire or a promise
 * @returns {string[]} distinct messages; the messages of validation rules and fields replace the general one; never empty
 */
export function orgMessages(error) {
  const body = error?.body;
  const output = body?.output;
  const ofFields = Object.values(output?.fieldErrors ?? {}).flat();
  const precise = textsOf([...(output?.errors ?? []), ...ofFields]);
  if (precise.length > 0) return precise;
  const general = textsOf(Array.isArray(body) ? body : [body, error]).slice(0, Array.isArray(body) ? undefined : 1);
  return general.length > 0 ? general : ['Salesforce gave no reason.'];
}

function textsOf(errors) {
  return [...new Set(errors.map((each) => each?.message).filter(Boolean))];
}
