// Form submissions: form by form, each submission matched to a contact by its e-mail address.
import { z } from 'zod';
import type {
  ChangePage,
  ChangeStream,
  SetAsideParts,
  SourcedActivity,
  StreamPart,
} from '../../../../src/crm/connector.ts';
import type { ConnectorError } from '../../../../src/crm/connector-error.ts';
import { isUndated } from '../../../../src/mapping/project-activities.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { badDate } from '../../../kit/stream-parts.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type ContactsByEmail, createContactsByEmail } from '../../contacts/contacts-by-email.ts';
import { unexpectedItem } from '../../http/parse-response.ts';
import type { Submission } from '../../http/responses/activities.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import { pathOf } from '../../objects/url-path.ts';
import type { HubSpotParts } from '../../parts.ts';
import { createPartReader, type PartReader } from '../part-reader.ts';
import { parseCursor, type StreamReader, scopeFix } from '../stream-reader.ts';
import { type Form, listForms } from './form-list.ts';
import { type FormCursor, type FormPage, formCursorSchema, readForm } from './form-pages.ts';

const cursorSchema = z.object({
  /** All forms are being read for the first time. */
  isFullSync: z.boolean(),
  forms: z.record(z.string(), formCursorSchema),
});
type FormsCursor = z.infer<typeof cursorSchema>;

export function formStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  return {
    stream: { ...stream, pollEverySeconds: parts.formsEverySeconds },
    access: {
      probe: { path: parts.http.paths.forms, query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.form_submissions),
    },
    read(cursor, signal, setAside) {
      const state = parseCursor(cursorSchema, stream.id, cursor ?? { isFullSync: true, forms: {} });
      const reader = createPartReader(parts.http, FORM, setAside, signal);
      const findContacts = createContactsByEmail(parts.http);
      return readForms({ ...parts, findContacts, reader }, state, setAside, signal);
    },
  };
}

async function* readForms(
  parts: ReadingParts,
  start: FormsCursor,
  setAside: SetAsideParts,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  const { reader } = parts;
  let state = start;
  const { forms, unexpected } = await listForms(parts, signal);
  for (const item of unexpected) {
    reader.fail({ kind: FORM, id: item.id ?? 'without an ID' }, unexpectedItem('listing forms', item));
  }
  yield* readDueSubmissions(parts, forms, state, setAside, signal);
  for (const form of unreadForms(forms, state)) {
    for await (const page of reader.read(form.id, () => readMatched(parts, form, state.forms[form.id], signal))) {
      for (const part of page.failed) reader.fail(part, part.error);
      state = { ...state, forms: { ...state.forms, [form.id]: page.next } };
      if (page.hasChanged || state.isFullSync) yield changePage(state, page.activities);
    }
  }
  const found = reader.end();
  if (start.isFullSync) state = { ...state, isFullSync: false };
  if (start.isFullSync || Object.keys(found).length > 0) yield { ...emptyPage(state, false), ...found };
}

const FORM = 'form';
const SUBMISSION = 'form submission';

/**
 * Submissions that came in an unexpected shape before: their form is read back to them once more,
 * beside its own cursor.
 */
async function* readDueSubmissions(
  parts: ReadingParts,
  forms: readonly Form[],
  state: FormsCursor,
  setAside: SetAsideParts,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  for (const part of setAside.due.filter(({ kind }) => kind === SUBMISSION)) {
    const [formId, submittedAt] = part.id.split('/');
    const form = forms.find(({ id }) => id === formId);
    if (form === undefined) continue;
    const start = { until: Number(submittedAt), seen: [] };
    for await (const page of parts.reader.read(form.id, () => readMatched(parts, form, start, signal))) {
      for (const again of page.failed.filter(({ id }) => id === part.id)) parts.reader.fail(again, again.error);
      yield changePage(state, page.activities);
    }
  }
}

/** An interrupted full sync continues with the forms that are not complete. */
function unreadForms(forms: readonly Form[], { isFullSync, forms: known }: FormsCursor): readonly Form[] {
  return forms.filter(({ id }) => !(isFullSync && known[id]?.isComplete));
}

interface ReadingParts extends HubSpotParts {
  readonly findContacts: ContactsByEmail;
  readonly reader: PartReader;
}

interface MatchedPage extends Pick<FormPage, 'next' | 'hasChanged'> {
  readonly activities: readonly SourcedActivity[];
  readonly failed: readonly (StreamPart & { readonly error: ConnectorError })[];
}

/** The pages of a form with the contacts of its submissions. */
async function* readMatched(
  parts: ReadingParts,
  form: Form,
  known: FormCursor | undefined,
  signal: AbortSignal,
): AsyncGenerator<MatchedPage> {
  const unmatched = new Set<string>();
  for await (const { submissions, unexpected, next, hasChanged } of readForm(parts, form, known, signal)) {
    const found = await toActivities(parts, form, submissions, signal);
    for (const id of found.unmatched) unmatched.add(id);
    const failed = unexpected.map((item) => {
      const id = `${form.id}/${item.at ?? 0}/${item.id ?? 'without an ID'}`;
      return { kind: SUBMISSION, id, error: unexpectedItem('reading form submissions', item) };
    });
    const undated = found.undated.map(({ submission: { submittedAt, conversionId }, property }) => {
      return { kind: SUBMISSION, id: `${form.id}/${submittedAt}/${conversionId}`, error: badDate('hubspot', property) };
    });
    yield {
      activities: found.activities,
      failed: [...failed, ...undated],
      next: withoutSeen(next, unmatched),
      hasChanged,
    };
  }
}

/** Removes submissions from the seen ones, so that the next poll matches them again. */
function withoutSeen(form: FormCursor, unmatched: ReadonlySet<string>): FormCursor {
  const matched = (ids: readonly string[]) => ids.filter((id) => !unmatched.has(id));
  const { reading } = form;
  const unfinished = reading === undefined ? {} : { reading: { ...reading, seen: matched(reading.seen) } };
  return { ...form, seen: matched(form.seen), ...unfinished };
}

function changePage(state: FormsCursor, activities: readonly SourcedActivity[]): ChangePage {
  return { ...emptyPage(state, state.isFullSync), activities };
}

interface MatchedSubmissions {
  readonly activities: readonly SourcedActivity[];
  readonly unmatched: ReadonlySet<string>;
  /** Those whose date, as the mapping reads it, cannot be read. */
  readonly undated: readonly { readonly submission: Submission; readonly property: string }[];
}

/** The activities of the submissions whose contact is found. */
export async function toActivities(
  { toActivity, findContacts }: Pick<ReadingParts, 'toActivity' | 'findContacts'>,
  form: Form,
  submissions: readonly Submission[],
  signal: AbortSignal,
): Promise<MatchedSubmissions> {
  const emails = submissions.map(emailOf).filter((email) => email !== null);
  const contacts = await findContacts(emails, signal);
  const unmatched = new Set<string>();
  const undated: { submission: Submission; property: string }[] = [];
  const activities = submissions.flatMap((submission) => {
    const email = emailOf(submission);
    const contact = email === null ? undefined : contacts.get(email);
    // The contact may not exist yet. Within the overlap the submission is matched again.
    if (email !== null && contact === undefined) unmatched.add(submission.conversionId);
    if (contact === undefined) return [];
    const activity = toActivity({
      id: `form:${submission.conversionId}`,
      source: 'form_submissions',
      properties: {
        form_name: form.name,
        form_id: form.id,
        page_url: submission.pageUrl ?? null,
        page_path: pathOf(submission.pageUrl),
        submitted_at: submission.submittedAt,
      },
    });
    if (isUndated(activity)) undated.push({ submission, property: activity.undated });
    if (activity === null || isUndated(activity)) return [];
    return [{ ...activity, ref: contactRef(contact), part: form.id }];
  });
  return { activities, unmatched, undated };
}

/** The address that the form was submitted with, in lower case. */
export function emailOf(submission: Submission): string | null {
  const value = submission.values.find(({ name }) => name.toLowerCase() === 'email')?.value;
  return typeof value === 'string' && value.includes('@') ? value.trim().toLowerCase() : null;
}
