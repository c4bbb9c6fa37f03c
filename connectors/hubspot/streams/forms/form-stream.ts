// Form submissions: form by form, each submission matched to a contact by its e-mail address.
import { z } from 'zod';
import type { ChangePage, ChangeStream, SourcedActivity } from '../../../../src/crm/connector.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type ContactsByEmail, createContactsByEmail } from '../../contacts/contacts-by-email.ts';
import type { Submission } from '../../http/responses/activities.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import { pathOf } from '../../objects/url-path.ts';
import type { HubSpotParts } from '../../parts.ts';
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
    async *read(cursor, signal) {
      let state = parseCursor(cursorSchema, stream.id, cursor ?? { isFullSync: true, forms: {} });
      const findContacts = createContactsByEmail(parts.http);
      for (const form of unreadForms(await listForms(parts, signal), state)) {
        for await (const page of readMatched(parts, form, state.forms[form.id], findContacts, signal)) {
          state = { ...state, forms: { ...state.forms, [form.id]: page.next } };
          if (page.hasChanged || state.isFullSync) yield changePage(state, page.activities);
        }
      }
      if (state.isFullSync) yield emptyPage({ ...state, isFullSync: false }, false);
    },
  };
}

/** An interrupted full sync continues with the forms that are not complete. */
function unreadForms(forms: readonly Form[], { isFullSync, forms: known }: FormsCursor): readonly Form[] {
  return forms.filter(({ id }) => !(isFullSync && known[id]?.isComplete));
}

interface MatchedPage extends Pick<FormPage, 'next' | 'hasChanged'> {
  readonly activities: readonly SourcedActivity[];
}

/** The pages of a form with the contacts of its submissions. */
async function* readMatched(
  parts: HubSpotParts,
  form: Form,
  known: FormCursor | undefined,
  findContacts: ContactsByEmail,
  signal: AbortSignal,
): AsyncGenerator<MatchedPage> {
  const unmatched = new Set<string>();
  for await (const { submissions, next, hasChanged } of readForm(parts, form, known, signal)) {
    const found = await toActivities(parts, form, submissions, findContacts, signal);
    for (const id of found.unmatched) unmatched.add(id);
    yield { activities: found.activities, next: withoutSeen(next, unmatched), hasChanged };
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

/** The activities of the submissions whose contact is found. */
export async function toActivities(
  { toActivity }: HubSpotParts,
  form: Form,
  submissions: readonly Submission[],
  findContacts: ContactsByEmail,
  signal: AbortSignal,
): Promise<{ activities: SourcedActivity[]; unmatched: ReadonlySet<string> }> {
  const emails = submissions.map(emailOf).filter((email) => email !== null);
  const contacts = await findContacts(emails, signal);
  const unmatched = new Set<string>();
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
    return activity === null ? [] : [{ ...activity, ref: contactRef(contact), part: form.id }];
  });
  return { activities, unmatched };
}

/** The address that the form was submitted with, in lower case. */
export function emailOf(submission: Submission): string | null {
  const value = submission.values.find(({ name }) => name.toLowerCase() === 'email')?.value;
  return typeof value === 'string' && value.includes('@') ? value.trim().toLowerCase() : null;
}
