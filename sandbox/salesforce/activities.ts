// Where Salesforce keeps what a person did: a task, an event, an e-mail message, or a place in a campaign.
import { CAMPAIGNS, callValues, completed, type NewActivity, nameOfMailing, taskValues } from './activity-values.ts';
import { type AuditInfo, auditInfoOf, type Org } from './org.ts';
import { isDeleted, type SObjectRecord, textOf, type Values } from './records/record-table.ts';
import { shareActivity } from './share-activity.ts';

export type CreatedActivity = { readonly object: string; readonly id: string } | { readonly problem: string };

type Keep = (person: SObjectRecord, activity: NewActivity, stamp: AuditInfo) => CreatedActivity;

const EVENT_MINUTES = 30;

export class Activities {
  readonly #org: Org;
  /** By name. */
  readonly #campaigns = new Map<string, string>();
  /** By campaign and person. */
  readonly #members = new Map<string, string>();
  /** Marketing e-mails by person and name: what becomes of one is noted on it. */
  readonly #mailings = new Map<string, string>();
  readonly #keep: Readonly<Record<string, Keep>>;

  constructor(org: Org) {
    this.#org = org;
    this.#keep = {
      call: (person, activity, stamp) => this.#task(person, activity, stamp, callValues(activity)),
      task: (person, activity, stamp) => this.#task(person, activity, stamp, taskValues(activity)),
      meeting: (person, activity, stamp) => this.#event(person, activity, stamp),
      sales_email: (person, activity, stamp) => this.#salesEmail(person, activity, stamp, false),
      email_reply: (person, activity, stamp) => this.#salesEmail(person, activity, stamp, true),
      sales_email_bounce: (person, activity, stamp) => this.#bounced(person, activity, stamp),
      email_delivered: (person, activity, stamp) => this.#mailing(person, activity, stamp, {}),
      email_bounce: (person, activity, stamp) => this.#bounced(person, activity, stamp),
      email_open: (person, activity, stamp) => this.#opened(person, activity, stamp),
      unsubscribe: (person, _activity, { at }) => this.#changePerson(person, { HasOptedOutOfEmail: true }, at),
    };
  }

  /** Keeps one activity of a Lead or Contact, or says that Salesforce has no place for it. */
  keep(person: SObjectRecord, activity: NewActivity, stamp: AuditInfo): CreatedActivity {
    const campaign = CAMPAIGNS[activity.type];
    if (campaign) return this.#join(person, activity, stamp, campaign(activity.attributes));
    const keep = this.#keep[activity.type];
    return (
      keep?.(person, activity, stamp) ?? {
        problem: `Salesforce has no place for activities of type "${activity.type}"`,
      }
    );
  }

  #task(person: SObjectRecord, { at }: NewActivity, stamp: AuditInfo, values: Values): CreatedActivity {
    const made = this.#org.add(
      'Task',
      { ...this.#whose(person), ActivityDate: auditInfoOf(at).slice(0, 10), ...values },
      stamp,
    );
    shareActivity(this.#org, made, null, stamp);
    if (values.Status === 'Completed') this.#touch(person, at);
    return { object: 'Task', id: made.id };
  }

  #event(person: SObjectRecord, { at, attributes }: NewActivity, stamp: AuditInfo): CreatedActivity {
    const { title, outcome } = attributes;
    // Events have no outcome. What was called off is deleted; that nobody came stands in the subject at most.
    const subject = outcome === 'no_show' ? `No show: ${title ?? 'Meeting'}` : String(title ?? 'Meeting');
    const made = this.#org.add(
      'Event',
      {
        ...this.#whose(person),
        Subject: subject,
        Type: 'Meeting',
        EventSubtype: 'Event',
        StartDateTime: auditInfoOf(at),
        EndDateTime: auditInfoOf(at + EVENT_MINUTES * 60_000),
        DurationInMinutes: EVENT_MINUTES,
        OwnerId: this.#org.adminId,
      },
      stamp,
    );
    shareActivity(this.#org, made, null, stamp);
    if (outcome === 'canceled') this.#org.write(made, { IsDeleted: true }, stamp);
    else this.#touch(person, at);
    return { object: 'Event', id: made.id };
  }

  /** A task for the time line, and the message itself. */
  #salesEmail(
    person: SObjectRecord,
    activity: NewActivity,
    stamp: AuditInfo,
    incoming: boolean,
    more: Values = {},
  ): CreatedActivity {
    const subject = String(activity.attributes.subject ?? 'Following up');
    const task = this.#task(person, activity, stamp, {
      Subject: `Email: ${subject}`,
      TaskSubtype: 'Email',
      ...completed(activity.at),
    });
    if ('problem' in task) return task;
    return this.#message(person, activity, stamp, {
      ...more,
      ActivityId: task.id,
      Subject: subject,
      Incoming: incoming,
    });
  }

  #mailing(person: SObjectRecord, activity: NewActivity, stamp: AuditInfo, more: Values): CreatedActivity {
    const name = nameOfMailing(activity);
    const kept = this.#message(person, activity, stamp, { Subject: name, Incoming: false, IsTracked: true, ...more });
    if ('id' in kept) this.#mailings.set(`${person.id} ${name}`, kept.id);
    return kept;
  }

  #message(person: SObjectRecord, { at }: NewActivity, stamp: AuditInfo, values: Values): CreatedActivity {
    const address = textOf(person.values.Email);
    if (address === null) return { problem: 'an e-mail needs a person with an address' };
    const incoming = values.Incoming === true;
    const ours = 'sales@leadgrade.example';
    const message = this.#org.add(
      'EmailMessage',
      {
        FromAddress: incoming ? address : ours,
        ToAddress: incoming ? ours : address,
        Status: incoming ? '1' : '3',
        MessageDate: auditInfoOf(at),
        ...values,
      },
      stamp,
    );
    const relation = { EmailMessageId: message.id, RelationId: person.id, RelationObjectType: person.type };
    const RelationType = incoming ? 'FromAddress' : 'ToAddress';
    this.#org.add('EmailMessageRelation', { ...relation, RelationType, RelationAddress: address }, stamp);
    return { object: 'EmailMessage', id: message.id };
  }

  #bounced(person: SObjectRecord, activity: NewActivity, stamp: AuditInfo): CreatedActivity {
    const bounced = { IsBounced: true };
    const kept =
      activity.type === 'email_bounce'
        ? this.#mailing(person, activity, stamp, bounced)
        : this.#salesEmail(person, activity, stamp, false, bounced);
    const change = { EmailBouncedDate: auditInfoOf(activity.at), EmailBouncedReason: '550 no such user' };
    this.#changePerson(person, change, stamp.at);
    return kept;
  }

  #opened(person: SObjectRecord, { at, ...activity }: NewActivity, stamp: AuditInfo): CreatedActivity {
    const id = this.#mailings.get(`${person.id} ${nameOfMailing({ at, ...activity })}`);
    const message = id === undefined ? undefined : this.#org.find(id);
    const opened = { IsOpened: true, FirstOpenedDate: auditInfoOf(at), LastOpenedDate: auditInfoOf(at) };
    if (!message) return this.#mailing(person, { at, ...activity }, stamp, opened);
    const first = message.values.FirstOpenedDate ?? auditInfoOf(at);
    this.#org.write(message, { ...opened, FirstOpenedDate: first }, stamp);
    return { object: 'EmailMessage', id: message.id };
  }

  /** Joining a campaign twice changes the place that there is. */
  #join(
    person: SObjectRecord,
    { at }: NewActivity,
    stamp: AuditInfo,
    campaign: readonly [string, string, string],
  ): CreatedActivity {
    const [name, type, status] = campaign;
    const campaignId = this.#campaign(name, type, at);
    const key = `${campaignId} ${person.id}`;
    const held = this.#org.find(this.#members.get(key) ?? '');
    if (held && !isDeleted(held)) {
      this.#org.write(held, { Status: status }, stamp);
      return { object: 'CampaignMember', id: held.id };
    }
    const who = person.type === 'Lead' ? { LeadId: person.id } : { ContactId: person.id };
    const first = { FirstRespondedDate: auditInfoOf(at).slice(0, 10) };
    const { id } = this.#org.add('CampaignMember', { CampaignId: campaignId, ...who, Status: status, ...first }, stamp);
    this.#members.set(key, id);
    return { object: 'CampaignMember', id };
  }

  #campaign(name: string, type: string, at: number): string {
    const held = this.#campaigns.get(name);
    if (held !== undefined) return held;
    const values = { Name: name, Type: type, Status: 'In Progress', IsActive: true, OwnerId: this.#org.adminId };
    const { id } = this.#org.add('Campaign', values, { created: at, at });
    this.#campaigns.set(name, id);
    return id;
  }

  #whose(person: SObjectRecord): Values {
    const account = person.values.AccountId ?? null;
    return { WhoId: person.id, WhatId: null, AccountId: account, OwnerId: this.#org.adminId };
  }

  /** The day of the last activity is noted on the person, whose times stay. */
  #touch({ id }: SObjectRecord, at: number): void {
    const person = this.#org.find(id);
    const day = auditInfoOf(at).slice(0, 10);
    if (!person || String(person.values.LastActivityDate ?? '') >= day) return;
    this.#org.writeSilently(person, { LastActivityDate: day });
  }

  #changePerson({ id, type }: SObjectRecord, changes: Values, at: number | undefined): CreatedActivity {
    const person = this.#org.find(id);
    if (!person) return { problem: `there is no ${type} ${id}` };
    // What was long ago must not take back what was changed since.
    const late = at !== undefined && auditInfoOf(at) <= String(person.values.SystemModstamp);
    if (late) this.#org.writeSilently(person, changes);
    else this.#org.write(person, changes, at === undefined ? {} : { at });
    return { object: type, id };
  }
}
