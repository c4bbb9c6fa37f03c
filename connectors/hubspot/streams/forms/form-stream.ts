// Form submissions: form by form, newest first, back to where the form was read last time.
import { z } from 'zod';
import type { ChangePage, ChangeStream, SourcedActivity } from '../../../../src/crm/connector.ts';
import { emptyPage } from '../../../kit/change-pages.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type ContactsByEmail, createContactsByEmail } from '../../contacts/contacts-by-email.ts';
import { type Submission, submissionsAnswer } from '../../http/responses.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import { OVERLAP_MS } from '../../objects/search-changes.ts';
import { pathOf } from '../../objects/url-path.ts';
import { type HubSpotParts, parseCursor, type StreamReader, scopeFix } from '../stream.ts';
import { type Form, listForms } from './form-list.ts';

const MOST_REMEMBERED = 500;

const cursorSchema = z.object({
  /** The first pass over all forms is under way. */
  whole: z.boolean(),
  forms: z.record(
    z.string(),
    z.object({
      /** The newest submission that was read, down to the one before it (epoch ms). */
      until: z.number(),
      /** Ids of those within the overlap: an idle poll shows nothing. */
      seen: z.array(z.string()),
      /** Being read downward: where to go on, and what is new so far. */
      reading: z.object({ after: z.string(), newest: z.number(), seen: z.array(z.string()) }).optional(),
      /** The first pass has been through. */
      done: z.boolean().optional(),
    }),
  ),
});
type FormsCursor = z.infer<typeof cursorSchema>;
type FormCursor = FormsCursor['forms'][string];

export function formStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  return {
    stream: { ...stream, pollEverySeconds: parts.formsEverySeconds },
    access: {
      probe: { path: parts.http.paths.forms, query: { limit: '1' } },
      fix: scopeFix(STREAM_SCOPES.form_submissions),
    },
    async *read(cursor, signal) {
      let state = parseCursor(cursorSchema, stream.id, cursor ?? { whole: true, forms: {} });
      const findContacts = createContactsByEmail(parts.http);
      for (const form of toRead(await listForms(parts, signal), state)) {
        for await (const read of readMatched(parts, form, state.forms[form.id], findContacts, signal)) {
          state = { ...state, forms: { ...state.forms, [form.id]: read.next } };
          if (read.changed || state.whole) yield page(state, read.activities);
        }
      }
      if (state.whole) yield emptyPage({ ...state, whole: false }, false);
    },
  };
}

/** A first pass that was interrupted goes on behind the forms that are done. */
function toRead(forms: readonly Form[], begun: FormsCursor): readonly Form[] {
  return forms.filter(({ id }) => !(begun.whole && begun.forms[id]?.done));
}

interface MatchedPage extends Pick<FormPage, 'next' | 'changed'> {
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
  for await (const { submissions, next, changed } of readForm(parts, form, known, signal)) {
    const found = await toActivities(parts, form, submissions, findContacts, signal);
    for (const id of found.unmatched) unmatched.add(id);
    yield { activities: found.activities, next: withoutMarks(next, unmatched), changed };
  }
}

function withoutMarks(form: FormCursor, unmatched: ReadonlySet<string>): FormCursor {
  const matched = (ids: readonly string[]) => ids.filter((id) => !unmatched.has(id));
  const { reading } = form;
  const read = reading === undefined ? {} : { reading: { ...reading, seen: matched(reading.seen) } };
  return { ...form, seen: matched(form.seen), ...read };
}

function page(state: FormsCursor, activities: readonly SourcedActivity[]): ChangePage {
  return { ...emptyPage(state, state.whole), activities };
}

interface FormPage {
  readonly submissions: readonly Submission[];
  readonly next: FormCursor;
  readonly changed: boolean;
}

async function* readForm(
  { http }: HubSpotParts,
  form: Form,
  start: FormCursor | undefined,
  signal: AbortSignal,
): AsyncGenerator<FormPage> {
  const known = start ?? { until: 0, seen: [] };
  const seen = new Set(known.seen);
  const floor = known.until - OVERLAP_MS;
  let reading: NonNullable<FormCursor['reading']> = known.reading ?? { after: '', newest: known.until, seen: [] };
  for (;;) {
    const query = { limit: '50', ...(reading.after === '' ? {} : { after: reading.after }) };
    const path = http.paths.formSubmissions(form.id);
    const answer = await http.call(
      { what: 'reading form submissions', path, query, answer: submissionsAnswer },
      signal,
    );
    const recent = answer.results.filter((each) => each.submittedAt >= floor);
    const submissions = recent.filter((each) => !seen.has(each.conversionId));
    const newest = Math.max(reading.newest, ...recent.map((each) => each.submittedAt));
    const fresh = recent.filter((each) => each.submittedAt >= newest - OVERLAP_MS).map((each) => each.conversionId);
    const marks = [...new Set([...reading.seen, ...fresh])].slice(0, MOST_REMEMBERED);
    const ended = answer.paging === null || recent.length < answer.results.length;
    if (ended || answer.paging === null) {
      yield { submissions, next: { until: newest, seen: marks, done: true }, changed: submissions.length > 0 };
      return;
    }
    reading = { after: answer.paging, newest, seen: marks };
    yield { submissions, next: { ...known, reading }, changed: true };
  }
}

async function toActivities(
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
    // Its contact may not be there yet: within the overlap it is looked for again.
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
    return activity === null ? [] : [{ ...activity, ref: contactRef(contact) }];
  });
  return { activities, unmatched };
}

function emailOf(submission: Submission): string | null {
  const value = submission.values.find(({ name }) => name.toLowerCase() === 'email')?.value;
  return typeof value === 'string' && value.includes('@') ? value.trim().toLowerCase() : null;
}
