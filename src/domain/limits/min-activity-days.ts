/**
 * Activities are kept at least so many days: the night compares those of the last year with the CRM
 * (jobs/reconcile/reconcile-streams.ts), which would bring deleted ones back.
 */
export const MIN_ACTIVITY_DAYS = 400;
