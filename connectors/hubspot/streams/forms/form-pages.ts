// Reads the submissions of one form, newest first, back to the newest submission of the last read.
import { z } from 'zod';
import { pageTokens } from '../../../kit/page-tokens.ts';
import { type Submission, submissionsSchema } from '../../http/responses/activities.ts';
import type { UnexpectedItem } from '../../http/responses/id-and-paging.ts';
import { OVERLAP_MS } from '../../objects/search-cursor.ts';
import type { HubSpotParts } from '../../parts.ts';
import type { Form } from './form-list.ts';

const MAX_SEEN = 500;

export const formCursorSchema = z.object({
  /** The newest submission up to which the form was read (epoch ms). */
  until: z.number(),
  /** The IDs of the submissions within the overlap: an idle poll yields nothing. */
  seen: z.array(z.string()),
  /** An unfinished read: the start of its next page, and its newest submissions so far. */
  reading: z.object({ after: z.string(), newest: z.number(), seen: z.array(z.string()) }).optional(),
  /** The form was read to its end once. */
  isComplete: z.boolean().optional(),
});
export type FormCursor = z.infer<typeof formCursorSchema>;

export interface FormPage {
  readonly submissions: readonly Submission[];
  /** Submissions of an unexpected shape. */
  readonly unexpected: readonly UnexpectedItem[];
  readonly next: FormCursor;
  readonly hasChanged: boolean;
}

export async function* readForm(
  { http }: Pick<HubSpotParts, 'http'>,
  form: Form,
  start: FormCursor | undefined,
  signal: AbortSignal,
): AsyncGenerator<FormPage> {
  const known = start ?? { until: 0, seen: [] };
  const seen = new Set(known.seen);
  const oldest = known.until - OVERLAP_MS;
  let reading: NonNullable<FormCursor['reading']> = known.reading ?? { after: '', newest: known.until, seen: [] };
  const what = 'reading form submissions';
  const checkToken = pageTokens('hubspot', what, reading.after === '' ? null : reading.after);
  for (;;) {
    const query = { limit: '50', ...(reading.after === '' ? {} : { after: reading.after }) };
    const path = http.paths.formSubmissions(form.id);
    const response = await http.call({ what, path, query, responseSchema: submissionsSchema }, signal);
    const { valid, unexpected } = response.results;
    const recent = valid.filter(({ submittedAt }) => submittedAt >= oldest);
    const submissions = recent.filter(({ conversionId }) => !seen.has(conversionId));
    const newest = Math.max(reading.newest, ...recent.map(({ submittedAt }) => submittedAt));
    const inOverlap = recent.filter(({ submittedAt }) => submittedAt >= newest - OVERLAP_MS);
    const ids = [...new Set([...reading.seen, ...inOverlap.map(({ conversionId }) => conversionId)])];
    const nextSeen = ids.slice(0, MAX_SEEN);
    const after = recent.length < valid.length ? null : checkToken(response.paging);
    if (after === null) {
      const next = { until: newest, seen: nextSeen, isComplete: true };
      yield { submissions, unexpected, next, hasChanged: submissions.length > 0 };
      return;
    }
    reading = { after, newest, seen: nextSeen };
    yield { submissions, unexpected, next: { ...known, reading }, hasChanged: true };
  }
}
