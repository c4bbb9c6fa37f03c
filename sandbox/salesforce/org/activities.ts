// Stores an activity where Salesforce stores it: as a task, an event, an e-mail message or a
// campaign member.

import { isDeleted, type SObjectRecord, textOf, type Values } from '../records/record-table.ts';
import { CAMPAIGNS, callValues, completed, mailingName, type NewActivity, taskValues } from './activity-values.ts';
import { type AuditInfo, isoSeconds, type Org } from './org.ts';
import { shareActivity } from './share-activity.ts';

export type CreatedActivity = { readonly object: string; readonly id: string } | { readonly problem: string };

type AddActivity = (person: SObjectRecord, activity: NewActivity, audit: AuditInfo) => CreatedActivity;

const EVENT_MINUTES = 30;

export class Activities {
  readonly #org: Org;
  /** Campaign IDs by name. */
  readonly #campaigns = new Map<string, string>();
  /** Member IDs by campaign and person. */
  readonly #members = new Map<string, string>();
  /** IDs of marketing e-mails by person and name; opens and bounces update them. */
  readonly #mailings = new Map<string, string>();
  readonly #add: Readonly<Record<string, AddActivity>>;

  constructor(org: Org) {
    this.#org = org;
    this.#add = {
      call: (person, activity, audit) => this.#task(person, activity, audit, callValues(activity)),
      task: (person, activity, audit) => this.#task(person, activity, audit, taskValues(activity)),
      meeting: (person, activity, audit) => this.#event(person, activity, audit),
      sales_email: (person, activity, audit) => this.#salesEmail(person, activity, audit, false),
      email_reply: (person, activity, audit) => this.#salesEmail(person, activity, audit, true),
      sales_email_bounce: (person, activity, audit) => this.#bounced(person, activity, audit),
      email_delivered: (person, activity, audit) => this.#mailing(person, activity, audit, {}),
      email_bounce: (person, activity, audit) => this.#bounced(person, activity, audit),
      email_open: (person, activity, audit) => this.#opened(person, activity, audit),
      unsubscribe: (person, _activity, { at }) => this.#changePerson(person, { HasOptedOutOfEmail: true }, at),
    };
  }

  /**
   * Stores one activity of a Lead or Contact.
   * @returns object and ID, or why Salesforce cannot store it
   */
  add(person: SObjectRecord, activity: NewActivity, audit: AuditInfo): CreatedActivity {
    const campaign = CAMPAIGNS[activity.type];
    if (campaign) return this.#addMember(person, activity, audit, campaign(activity.attributes));
    const add = this.#add[activity.type];
    return (
      add?.(person, activity, audit) ?? {
        problem: `Salesforce has no object for activities of type "${activity.type}"`,
      }
    );
  }

  #task(person: SObjectRecord, { at }: NewActivity, audit: AuditInfo, values: Values): CreatedActivity {
    const record = this.#org.add(
      'Task',
      { ...this.#personFields(person), ActivityDate: isoSeconds(at).slice(0, 10), ...values },
      audit,
    );
    shareActivity(this.#org, record, null, audit);
    if (values.Status === 'Completed') this.#updateLastActivity(person, at);
    return { object: 'Task', id: record.id };
  }

  #event(person: SObjectRecord, { at, attributes }: NewActivity, audit: AuditInfo): CreatedActivity {
    const { title, outcome } = attributes;
    // Events have no outcome. Canceled meetings are deleted; a no-show is marked in the subject.
    const subject = outcome === 'no_show' ? `No show: ${title ?? 'Meeting'}` : String(title ?? 'Meeting');
    const record = this.#org.add(
      'Event',
      {
        ...this.#personFields(person),
        Subject: subject,
        Type: 'Meeting',
        EventSubtype: 'Event',
        StartDateTime: isoSeconds(at),
        EndDateTime: isoSeconds(at + EVENT_MINUTES * 60_000),
        DurationInMinutes: EVENT_MINUTES,
        OwnerId: this.#org.adminId,
      },
      audit,
    );
    shareActivity(this.#org, record, null, audit);
    if (outcome === 'canceled') this.#org.write(record, { IsDeleted: true }, audit);
    else this.#updateLastActivity(person, at);
    return { object: 'Event', id: record.id };
  }

  /** Adds a task for the time line, and the e-mail message. */
  #salesEmail(
    person: SObjectRecord,
    activity: NewActivity,
    audit: AuditInfo,
    incoming: boolean,
    more: Values = {},
  ): CreatedActivity {
    const subject = String(activity.attributes.subject ?? 'Following up');
    const task = this.#task(person, activity, audit, {
      Subject: `Email: ${subject}`,
      TaskSubtype: 'Email',
      ...completed(activity.at),
    });
    if ('problem' in task) return task;
    return this.#message(person, activity, audit, {
      ...more,
      ActivityId: task.id,
      Subject: subject,
      Incoming: incoming,
    });
  }

  #mailing(person: SObjectRecord, activity: NewActivity, audit: AuditInfo, more: Values): CreatedActivity {
    const name = mailingName(activity);
    const message = this.#message(person, activity, audit, {
      Subject: name,
      Incoming: false,
      IsTracked: true,
      ...more,
    });
    if ('id' in message) this.#mailings.set(`${person.id} ${name}`, message.id);
    return message;
  }

  #message(person: SObjectRecord, { at }: NewActivity, audit: AuditInfo, values: Values): CreatedActivity {
    const address = textOf(person.values.Email);
    if (address === null) return { problem: 'an e-mail needs a person with an e-mail address' };
    const incoming = values.Incoming === true;
    const salesAddress = 'sales@leadgrade.example';
    const message = this.#org.add(
      'EmailMessage',
      {
        FromAddress: incoming ? address : salesAddress,
        ToAddress: incoming ? salesAddress : address,
        Status: incoming ? '1' : '3',
        MessageDate: isoSeconds(at),
        ...values,
      },
      audit,
    );
    const relation = { EmailMessageId: message.id, RelationId: person.id, RelationObjectType: person.type };
    const RelationType = incoming ? 'FromAddress' : 'ToAddress';
    this.#org.add('EmailMessageRelation', { ...relation, RelationType, RelationAddress: address }, audit);
    return { object: 'EmailMessage', id: message.id };
  }

  #bounced(person: SObjectRecord, activity: NewActivity, audit: AuditInfo): CreatedActivity {
    const bounced = { IsBounced: true };
    const message =
      activity.type === 'email_bounce'
        ? this.#mailing(person, activity, audit, bounced)
        : this.#salesEmail(person, activity, audit, false, bounced);
    const change = { EmailBouncedDate: isoSeconds(activity.at), EmailBouncedReason: '550 no such user' };
    this.#changePerson(person, change, audit.at);
    return message;
  }

  #opened(person: SObjectRecord, { at, ...activity }: NewActivity, audit: AuditInfo): CreatedActivity {
    const id = this.#mailings.get(`${person.id} ${mailingName({ at, ...activity })}`);
    const message = id === undefined ? undefined : this.#org.find(id);
    const opened = { IsOpened: true, FirstOpenedDate: isoSeconds(at), LastOpenedDate: isoSeconds(at) };
    if (!message) return this.#mailing(person, { at, ...activity }, audit, opened);
    const first = message.values.FirstOpenedDate ?? isoSeconds(at);
    this.#org.write(message, { ...opened, FirstOpenedDate: first }, audit);
    return { object: 'EmailMessage', id: message.id };
  }

  /** Adds a campaign member, or updates the existing one. */
  #addMember(
    person: SObjectRecord,
    { at }: NewActivity,
    audit: AuditInfo,
    campaign: readonly [string, string, string],
  ): CreatedActivity {
    const [name, type, status] = campaign;
    const campaignId = this.#campaign(name, type, at);
    const key = `${campaignId} ${person.id}`;
    const existing = this.#org.find(this.#members.get(key) ?? '');
    if (existing && !isDeleted(existing)) {
      this.#org.write(existing, { Status: status }, audit);
      return { object: 'CampaignMember', id: existing.id };
    }
    const member = person.type === 'Lead' ? { LeadId: person.id } : { ContactId: person.id };
    const first = { FirstRespondedDate: isoSeconds(at).slice(0, 10) };
    const { id } = this.#org.add(
      'CampaignMember',
      { CampaignId: campaignId, ...member, Status: status, ...first },
      audit,
    );
    this.#members.set(key, id);
    return { object: 'CampaignMember', id };
  }

  #campaign(name: string, type: string, at: number): string {
    const existing = this.#campaigns.get(name);
    if (existing !== undefined) return existing;
    const values = { Name: name, Type: type, Status: 'In Progress', IsActive: true, OwnerId: this.#org.adminId };
    const { id } = this.#org.add('Campaign', values, { created: at, at });
    this.#campaigns.set(name, id);
    return id;
  }

  #personFields(person: SObjectRecord): Values {
    const account = person.values.AccountId ?? null;
    return { WhoId: person.id, WhatId: null, AccountId: account, OwnerId: this.#org.adminId };
  }

  /** Updates `LastActivityDate` of the person. Its modification times do not change. */
  #updateLastActivity({ id }: SObjectRecord, at: number): void {
    const person = this.#org.find(id);
    const day = isoSeconds(at).slice(0, 10);
    if (!person || String(person.values.LastActivityDate ?? '') >= day) return;
    this.#org.writeSilently(person, { LastActivityDate: day });
  }

  #changePerson({ id, type }: SObjectRecord, changes: Values, at: number | undefined): CreatedActivity {
    const person = this.#org.find(id);
    if (!person) return { problem: `no ${type} ${id}` };
    // A change that is older than the last one must not set the modification times back.
    const late = at !== undefined && isoSeconds(at) <= String(person.values.SystemModstamp);
    if (late) this.#org.writeSilently(person, changes);
    else this.#org.write(person, changes, at === undefined ? {} : { at });
    return { object: type, id };
  }
}
