// HubSpot's error responses with their original bodies. sandbox/hubspot.md lists the source of each
// body.

export type ErrorBody = Readonly<Record<string, unknown>>;

/** `body` is complete but for `correlationId`, which send-hubspot-reply.ts adds. */
export class HubSpotError extends Error {
  override readonly name = 'HubSpotError';
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(typeof body.message === 'string' ? body.message : `HubSpot error ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** 400 VALIDATION_ERROR. */
export function badRequest(message: string, more: ErrorBody = {}): HubSpotError {
  return new HubSpotError(400, { status: 'error', message, category: 'VALIDATION_ERROR', ...more });
}

/** 404 for an unknown path. */
export function unknownPath(): HubSpotError {
  return new HubSpotError(404, { status: 'error', message: 'resource not found' });
}

export function objectNotFound(message: string, more: ErrorBody = {}): HubSpotError {
  return new HubSpotError(404, {
    status: 'error',
    message,
    errors: [{ message }],
    category: 'OBJECT_NOT_FOUND',
    ...more,
  });
}

export function conflict(message: string, subCategory: string): HubSpotError {
  return new HubSpotError(409, { status: 'error', message, category: 'OBJECT_ALREADY_EXISTS', subCategory });
}

export function unauthorized(): HubSpotError {
  return new HubSpotError(401, {
    status: 'error',
    message:
      'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
    category: 'INVALID_AUTHENTICATION',
  });
}

export function missingScopes(scopes: readonly string[]): HubSpotError {
  return new HubSpotError(403, {
    status: 'error',
    message:
      "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    errors: [
      { message: 'One or more of the following scopes are required.', context: { requiredGranularScopes: scopes } },
    ],
    // The API descriptions name them here, recorded responses within `errors`.
    context: { requiredGranularScopes: scopes },
    links: { scopes: 'https://developers.hubspot.com/scopes' },
    category: 'MISSING_SCOPES',
  });
}

/** For an API that the account's subscription does not include; the message is ours. */
export function notInSubscription(): HubSpotError {
  return new HubSpotError(403, {
    status: 'error',
    message: "This account's subscription does not include this API.",
    category: 'BANNED',
  });
}

/** For IDs that do not exist: an entry of `errors` in a 207, or the body of a 404. */
export function missingObjects(singular: string, ids: readonly string[]): ErrorBody {
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: `Could not get some ${singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids },
  };
}
