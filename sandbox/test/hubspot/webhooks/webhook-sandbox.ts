// A sandbox that sends its webhooks to a receiver of the test.
import { startTestSandbox, type TestSandbox } from '../sandbox-under-test.ts';
import { allSubscriptions } from './all-subscriptions.ts';
import { type ReceivedEvent, type Receiver, startReceiver } from './webhook-receiver.ts';

export const PROPERTIES = {
  contact: [
    ...['jobtitle', 'phone', 'lifecyclestage', 'zip', 'city', 'hs_email_optout', 'salesforceleadid'],
    ...['num_conversion_events', 'recent_conversion_date', 'hs_analytics_num_page_views', 'hs_email_open'],
  ],
  company: ['industry'],
  deal: ['dealstage', 'closedate'],
  meeting_event: ['hs_meeting_title'],
  call: ['hs_call_title'],
  email: ['hs_email_text'],
  note: ['hs_note_body'],
  task: ['hs_task_subject'],
};

export interface WebhookSandbox {
  readonly sandbox: TestSandbox;
  readonly receiver: Receiver;
  /** One request at a time, since concurrent requests can overtake each other. */
  setWebhookTarget(more?: object): ReturnType<TestSandbox['control']>;
  untilLastEvent(): Promise<unknown>;
  /** All events of what `act` does, without the event of the last change, which marks the end. */
  eventsOf(act: () => Promise<unknown>): Promise<ReceivedEvent[]>;
}

export async function startWebhookSandbox(): Promise<WebhookSandbox> {
  const receiver = await startReceiver();
  const sandbox = await startTestSandbox({ searchLagMs: 0 });
  const setWebhookTarget = (more: object = {}) =>
    sandbox.control('PUT', '/webhooks', {
      ...{ targetUrl: receiver.url, subscriptions: allSubscriptions(PROPERTIES), maxConcurrentRequests: 1, ...more },
    });
  const untilLastEvent = () => receiver.until(() => receiver.events().at(-1)?.propertyValue === 'last');
  await setWebhookTarget();
  return {
    sandbox,
    receiver,
    setWebhookTarget,
    untilLastEvent,
    eventsOf: async (act) => {
      await act();
      await sandbox.control('PATCH', `/contacts/${sandbox.id(2)}`, { properties: { zip: 'last' } });
      await untilLastEvent();
      return receiver.events().slice(0, -1);
    },
  };
}
