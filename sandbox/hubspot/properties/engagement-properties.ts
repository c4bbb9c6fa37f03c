// The standard properties of meetings, calls, emails, notes and tasks.
import { type PropertyDefinition, standardProperties } from './property-definition.ts';

const READ_ONLY = { readOnly: true };

/** HubSpot's standard call outcomes; their IDs are the same in every portal. */
export const CALL_DISPOSITIONS = {
  '9d9162e7-6cf3-4944-bf63-4dff82258764': 'Busy',
  'f240bbac-87c9-4f6e-bf70-924b57d47db7': 'Connected',
  'a4c4c377-d246-4b32-a13b-75a56a4cd0ff': 'Left live message',
  'b2cf5968-551e-4856-9783-52b3da59a7d0': 'Left voicemail',
  '73a0d17f-1163-4015-bdd5-ec830791da20': 'No answer',
  '17b47fee-58de-441e-a44c-c6300d46f273': 'Wrong number',
};

function engagement(group: string, own: (property: ReturnType<typeof standardProperties>) => PropertyDefinition[]) {
  const property = standardProperties(group);
  return [
    property('hs_timestamp', 'Activity date', 'datetime'),
    property('hubspot_owner_id', 'Activity assigned to', 'enumeration'),
    property('hs_createdate', 'Create date', 'datetime', READ_ONLY),
    property('hs_lastmodifieddate', 'Last modified date', 'datetime', READ_ONLY),
    property('hs_object_id', 'Record ID', 'number', READ_ONLY),
    ...own(property),
  ];
}

export const MEETING_PROPERTIES = engagement('meeting', (property) => [
  property('hs_meeting_title', 'Meeting name'),
  property('hs_meeting_body', 'Meeting description'),
  property('hs_meeting_start_time', 'Meeting start time', 'datetime'),
  property('hs_meeting_end_time', 'Meeting end time', 'datetime'),
  property('hs_meeting_outcome', 'Meeting outcome', 'enumeration', {
    options: ['SCHEDULED', 'COMPLETED', 'RESCHEDULED', 'NO_SHOW', 'CANCELED'],
  }),
]);

export const CALL_PROPERTIES = engagement('call', (property) => [
  property('hs_call_title', 'Call Title'),
  property('hs_call_body', 'Call notes'),
  property('hs_call_duration', 'Call duration', 'number'),
  property('hs_call_direction', 'Call direction', 'enumeration', { options: ['INBOUND', 'OUTBOUND'] }),
  property('hs_call_status', 'Call status', 'enumeration', {
    options: ['BUSY', 'CANCELED', 'COMPLETED', 'FAILED', 'IN_PROGRESS', 'NO_ANSWER', 'QUEUED', 'RINGING'],
  }),
  property('hs_call_disposition', 'Call outcome', 'enumeration', { options: CALL_DISPOSITIONS }),
]);

export const EMAIL_PROPERTIES = engagement('email', (property) => [
  property('hs_email_subject', 'Email subject'),
  property('hs_email_text', 'Email body'),
  property('hs_email_direction', 'Email direction', 'enumeration', {
    options: ['EMAIL', 'INCOMING_EMAIL', 'FORWARDED_EMAIL'],
  }),
  property('hs_email_status', 'Email send status', 'enumeration', {
    options: ['BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING', 'SENT'],
  }),
]);

export const NOTE_PROPERTIES = engagement('note', (property) => [property('hs_note_body', 'Note body')]);

export const TASK_PROPERTIES = engagement('task', (property) => [
  property('hs_task_subject', 'Task Title'),
  property('hs_task_body', 'Notes'),
  property('hs_task_type', 'Task Type', 'enumeration', { options: ['TODO', 'CALL', 'EMAIL'] }),
  property('hs_task_status', 'Task Status', 'enumeration', {
    options: ['NOT_STARTED', 'IN_PROGRESS', 'WAITING', 'COMPLETED', 'DEFERRED'],
  }),
]);
