// Form submissions: every form is read once more, newest first. What HubSpot showed late is found,
// also when it is older than what was read; a deleted submission is missing; a new name of the form
// is that of all its submissions. The submissions of a form that is archived or deleted are no
// longer listed and cannot be compared: they stay.
import { z } from 'zod';
import type { FailedPart, ReconcilePage, ReconcileRequest, SourcedActivity } from '../../../src/crm/connector.ts';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { failedPart } from '../../kit/stream-parts.ts';
import { type ContactsByEmail, createContactsByEmail } from '../contacts/contacts-by-email.ts';
import { type Submission, submissionsSchema } from '../http/responses/activities.ts';
import type { HubSpotParts } from '../parts.ts';
import { type Form, listForms } from '../streams/forms/form-list.ts';
import { emailOf, toActivities } from '../streams/forms/form-stream.ts';
import { parseCursor } from '../streams/stream-reader.ts';
import { EMPTY_PAGE, isDatedBy } from './pages.ts';

const STREAM = 'form_submissions';
/** Calls of one night, after which only the last days of the other forms are read. */
const MAX_PAGES = 1_000;

/** The last form that was compared. */
const positionSchema = z.object({ after: z.string() });

/** One form fails; the others are read. */
const OF_ONE_FORM: ReadonlySet<ConnectorErrorKind> = new Set(['invalid', 'not-found', 'retry']);

export async function* reconcileForms(
  parts: HubSpotParts,
  request: ReconcileRequest,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  const start = request.position === null ? null : parseCursor(positionSchema, STREAM, request.position);
  const findContacts = createContactsByEmail(parts.http);
  let position = start;
  let pages = 0;
  let isComplete = true;
  for (const form of (await listForms(parts, signal)).forms) {
    const isDue = start === null || form.id > start.after;
    const isCompared = isDue && pages < MAX_PAGES;
    isComplete &&= isCompared || !isDue;
    const from = isCompared ? request.horizon : request.since;
    const read = readForm(parts, form, { ...request, from: from.getTime(), findContacts }, signal);
    try {
      for await (const page of read) {
        pages += 1;
        yield { ...page, position };
      }
    } catch (error) {
      yield { ...EMPTY_PAGE, failed: [toFailedForm(form, error)], position };
    }
    if (isCompared) position = { after: form.id };
  }
  yield { ...EMPTY_PAGE, position: isComplete ? null : position };
}

/** @throws the error unless it concerns this form alone */
function toFailedForm({ id }: Form, error: unknown): FailedPart {
  if (!(error instanceof ConnectorError) || !OF_ONE_FORM.has(error.kind)) throw error;
  return failedPart('form', id, error);
}

interface FormRequest extends ReconcileRequest {
  /** Read back to this instant (epoch ms). */
  readonly from: number;
  readonly findContacts: ContactsByEmail;
}

async function* readForm(
  parts: HubSpotParts,
  form: Form,
  request: FormRequest,
  signal: AbortSignal,
): AsyncGenerator<ReconcilePage> {
  const isComparable = isDatedBy(parts.mapping, STREAM, 'submitted_at');
  const between = { after: request.from - 1, before: null };
  // A submission of an unexpected shape may be one of those that are stored.
  let isReadable = true;
  for (let after: string | null = null; ; ) {
    const { results, paging } = await readPage(parts, form, after, signal);
    isReadable &&= results.unexpected.length === 0;
    const recent = results.valid.filter(({ submittedAt }) => submittedAt >= request.from);
    const activities = await matchSubmissions(parts, form, recent, request, signal);
    const isLast = paging === null || paging === after || recent.length < results.valid.length;
    yield {
      ...EMPTY_PAGE,
      activities,
      existing: activities,
      ...(isLast && isReadable && isComparable ? { compared: [{ part: form.id, between }] } : {}),
    };
    if (isLast) return;
    after = paging;
  }
}

function readPage(
  { http }: HubSpotParts,
  form: Form,
  after: string | null,
  signal: AbortSignal,
): Promise<z.infer<typeof submissionsSchema>> {
  const query = { limit: '50', ...(after === null ? {} : { after }) };
  const path = http.paths.formSubmissions(form.id);
  return http.call({ what: 'comparing form submissions', path, query, responseSchema: submissionsSchema }, signal);
}

/**
 * A stored submission keeps its contact. Only recent ones that are not stored cost a call: an older
 * one without a contact was matched in vain in earlier nights.
 */
async function matchSubmissions(
  parts: HubSpotParts,
  form: Form,
  submissions: readonly Submission[],
  { findKnown, findContacts, since }: FormRequest,
  signal: AbortSignal,
): Promise<readonly SourcedActivity[]> {
  const known = await findKnown(submissions.map(({ conversionId }) => `form:${conversionId}`));
  const contacts = new Map<string, string>();
  const unknown: string[] = [];
  for (const submission of submissions) {
    const email = emailOf(submission);
    const [stored] = known.get(`form:${submission.conversionId}`) ?? [];
    if (email === null) continue;
    if (stored !== undefined) contacts.set(email, stored.ref.id);
    else if (submission.submittedAt >= since.getTime()) unknown.push(email);
  }
  const found = await findContacts(
    unknown.filter((email) => !contacts.has(email)),
    signal,
  );
  const all = new Map([...found, ...contacts]);
  return (await toActivities({ ...parts, findContacts: async () => all }, form, submissions, signal)).activities;
}
