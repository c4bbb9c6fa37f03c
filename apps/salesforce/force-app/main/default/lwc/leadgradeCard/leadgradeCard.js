// Shows the score on a lead or contact page and saves the feedback of the sales rep. A field that the user cannot see is blank.
import { getRecord, updateRecord } from 'lightning/uiRecordApi';
import { api, LightningElement, wire } from 'lwc';
import { readExplanation } from './explanation';
import { orgMessages } from './orgMessages';

const FEEDBACK = 'Leadgrade_Feedback__c';
const FEEDBACK_REASON = 'Leadgrade_Feedback_Reason__c';

/** Of the first model. Those of another one have its name in theirs. */
const SCORE_FIELDS = {
  grade: 'Leadgrade_Fit_Grade__c',
  fit: 'Leadgrade_Fit_Score__c',
  behavior: 'Leadgrade_Behavior_Score__c',
  total: 'Leadgrade_Total_Score__c',
  status: 'Leadgrade_Status__c',
  explanation: 'Leadgrade_Explanation__c',
  scoredAt: 'Leadgrade_Scored_At__c',
  version: 'Leadgrade_Model__c',
};

/** Those of `new_business` begin with `Leadgrade_New_Business_`. */
function scoreFieldsOf(model) {
  const words = model.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const named = Object.entries(SCORE_FIELDS).map(([key, field]) => [
    key,
    field.replace('Leadgrade_', `Leadgrade_${words.join('_')}_`),
  ]);
  return Object.fromEntries(named);
}

const VERDICTS = [
  { value: 'agree', label: 'Score is right' },
  { value: 'too_high', label: 'Too high' },
  { value: 'too_low', label: 'Too low' },
];
const BLANK = '–';

export default class LeadgradeCard extends LightningElement {
  @api objectApiName;

  /** Set in the Lightning App Builder: the name of a model beside the first one, such as expansion. */
  @api
  get model() {
    return this.shownModel;
  }

  set model(name) {
    this.shownModel = (name ?? '').trim();
    this.names = this.shownModel === '' ? SCORE_FIELDS : scoreFieldsOf(this.shownModel);
  }

  shownModel = '';
  names = SCORE_FIELDS;

  record;
  readProblems = [];
  saveProblems = [];
  saving = false;
  saved = false;
  /** The typed reason that is not yet saved; undefined = the reason of the record. */
  draftReason;
  shownId;

  @api
  get recordId() {
    return this.shownId;
  }

  // The page may reuse the card for another record: text that was typed for the first one must not be saved on the other.
  set recordId(id) {
    this.shownId = id;
    this.record = undefined;
    this.readProblems = [];
    this.saveProblems = [];
    this.saving = false;
    this.saved = false;
    this.draftReason = undefined;
  }

  /** Requested as optional fields: a field that the user cannot see is absent and causes no error. */
  get fields() {
    return (
      this.objectApiName &&
      [...Object.values(this.names), ...this.feedbackFields].map((field) => `${this.objectApiName}.${field}`)
    );
  }

  /** Feedback is about the first model. */
  get feedbackFields() {
    return this.shownModel ? [] : [FEEDBACK, FEEDBACK_REASON];
  }

  get title() {
    return this.shownModel ? `Leadgrade: ${this.shownModel.replaceAll('_', ' ')}` : 'Leadgrade';
  }

  @wire(getRecord, { recordId: '$recordId', optionalFields: '$fields' })
  receive({ data, error }) {
    if (data) {
      this.record = data;
      this.readProblems = [];
    } else if (error) {
      this.record = undefined;
      this.readProblems = orgMessages(error);
    }
  }

  get isLoading() {
    return !this.record && !this.isUnreadable;
  }

  get isUnreadable() {
    return this.readProblems.length > 0;
  }

  get isHidden() {
    return Boolean(this.record) && !Object.values(this.names).some((field) => this.isVisible(field));
  }

  get isUnscored() {
    return Boolean(this.record) && Object.values(this.names).every((field) => isEmpty(this.valueOf(field)));
  }

  get grade() {
    return this.labelOf(this.names.grade);
  }

  get total() {
    return this.valueOf(this.names.total) ?? BLANK;
  }

  /** Begins with a space, because LWC strips the spaces of the template. */
  get sum() {
    return ` = fit ${this.valueOf(this.names.fit) ?? BLANK} + behavior ${this.valueOf(this.names.behavior) ?? BLANK}`;
  }

  get status() {
    return this.labelOf(this.names.status);
  }

  get scoredAt() {
    return this.valueOf(this.names.scoredAt);
  }

  get version() {
    return this.valueOf(this.names.version);
  }

  get explanation() {
    return readExplanation(this.valueOf(this.names.explanation));
  }

  get reasons() {
    return this.explanation.reasons.map(({ points, text }, key) => ({
      key,
      text,
      points: points < 0 ? `${points}` : `+${points}`,
      effect: points < 0 ? 'Takes away' : 'Adds',
      icon: points < 0 ? 'utility:arrowdown' : 'utility:arrowup',
      look: points < 0 ? 'reason reason_against' : 'reason reason_for',
    }));
  }

  get hasReasons() {
    return this.explanation.reasons.length > 0;
  }

  get held() {
    return keyed(this.explanation.held);
  }

  get isHeld() {
    return this.held.length > 0;
  }

  get next() {
    return keyed(this.explanation.next);
  }

  get hasNext() {
    return this.next.length > 0;
  }

  /** Both fields are written together, so the user must be able to see both. */
  get takesFeedback() {
    return this.feedbackFields.length > 0 && this.feedbackFields.every((field) => this.isVisible(field));
  }

  get verdicts() {
    const stored = this.valueOf(FEEDBACK);
    return VERDICTS.map(({ value, label }) => ({
      value,
      label,
      chosen: value === stored,
      pressed: value === stored ? 'true' : 'false',
      look: `slds-button ${value === stored ? 'slds-button_brand' : 'slds-button_neutral'}`,
    }));
  }

  get hasVerdict() {
    return !isEmpty(this.valueOf(FEEDBACK));
  }

  get reason() {
    return this.draftReason ?? this.valueOf(FEEDBACK_REASON) ?? '';
  }

  get progress() {
    if (this.saving) return 'Saving …';
    return this.saved ? 'Saved.' : '';
  }

  get failedToSave() {
    return this.saveProblems.length > 0;
  }

  editReason(event) {
    this.draftReason = event.detail.value;
    this.saved = false;
  }

  choose(event) {
    return this.save(event.currentTarget.dataset.verdict, this.reason.trim() || null);
  }

  withdraw() {
    return this.save(null, null);
  }

  async save(verdict, reason) {
    const id = this.shownId;
    this.saving = true;
    this.saved = false;
    this.saveProblems = [];
    let problems = [];
    try {
      await updateRecord({ fields: { Id: id, [FEEDBACK]: verdict, [FEEDBACK_REASON]: reason } });
    } catch (error) {
      problems = orgMessages(error);
    }
    // The page may show another record by now.
    if (id !== this.shownId) return;
    this.saving = false;
    this.saveProblems = problems;
    this.saved = problems.length === 0;
    if (this.saved) this.draftReason = undefined;
  }

  isVisible(field) {
    return this.record?.fields[field] !== undefined;
  }

  valueOf(field) {
    return this.record?.fields[field]?.value;
  }

  /** The label of a picklist value, or the value itself if the picklist does not contain it. */
  labelOf(field) {
    return this.record?.fields[field]?.displayValue ?? this.valueOf(field) ?? BLANK;
  }
}

function isEmpty(value) {
  return value === undefined || value === null || value === '';
}

function keyed(lines) {
  return lines.map((text, key) => ({ key, text }));
}
