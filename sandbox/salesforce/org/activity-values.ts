// The field values of Salesforce objects for an activity.
import type { SeedAttributes } from '../../dataset/dataset.ts';
import type { Values } from '../records/record-table.ts';
import { isoSeconds } from './org.ts';

export interface NewActivity {
  /** A canonical activity type, or one of `SeedActivity`. */
  readonly type: string;
  /** Epoch ms. */
  readonly at: number;
  readonly attributes: SeedAttributes;
}

/** Campaign name, campaign type and member status by activity type. */
export const CAMPAIGNS: Readonly<
  Record<string, (attributes: SeedAttributes) => readonly [name: string, type: string, status: string]>
> = {
  form_submission: ({ form }) => [`Form: ${form ?? 'contact'}`, 'Web Form', 'Responded'],
  content_download: ({ name }) => [String(name ?? 'Download'), 'Content', 'Responded'],
  webinar: ({ name, attended }) => [
    String(name ?? 'Webinar'),
    'Webinar',
    attended === false ? 'Registered' : 'Attended',
  ],
  event_attended: ({ name }) => [String(name ?? 'Event'), 'Conference', 'Attended'],
  trial_started: ({ product }) => [`Trial: ${product ?? 'product'}`, 'Other', 'Responded'],
  list_joined: ({ list }) => [String(list ?? 'List'), 'Other', 'Sent'],
  campaign_response: ({ campaign, type, status }) => [
    String(campaign ?? 'Campaign'),
    String(type ?? 'Other'),
    String(status ?? 'Responded'),
  ],
};

export function completed(at: number): Values {
  return { Status: 'Completed', Priority: 'Normal', CompletedDateTime: isoSeconds(at) };
}

export function callValues({ at, attributes: { title, outcome, seconds } }: NewActivity): Values {
  return {
    Subject: String(title ?? 'Call'),
    Type: 'Call',
    TaskSubtype: 'Call',
    CallType: 'Outbound',
    CallDisposition: String(outcome ?? 'connected'),
    CallDurationInSeconds: typeof seconds === 'number' ? seconds : null,
    ...completed(at),
  };
}

export function taskValues({ at, attributes: { subject, status } }: NewActivity): Values {
  const open = { Status: 'Not Started', Priority: 'Normal' };
  return {
    Subject: String(subject ?? 'Task'),
    TaskSubtype: 'Task',
    ...(status === 'COMPLETED' ? completed(at) : open),
  };
}

export function mailingName({ attributes: { email, subject } }: NewActivity): string {
  return String(email ?? subject ?? 'Newsletter');
}
