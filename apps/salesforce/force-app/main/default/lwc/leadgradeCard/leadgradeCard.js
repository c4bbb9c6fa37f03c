// Shows the score on a lead or contact page and saves the feedback of the sales rep. A field that the user cannot see is blank.
import { getRecord, updateRecord } from 'lightning/uiRecordApi';
import { api, LightningElement, wire } from 'lwc';
import { readExplanation } from './explanation';
import { orgMessages } from './orgMessages';

const GRADE = 'Leadgrade_Fit_Grade__c';
const FIT = 'Leadgrade_Fit_Score__c';
const BEHAVIOR = 'Leadgrade_Behavior_Score__c';
const TOTAL = 'Leadgrade_Total_Score__c';
const STATUS = 'Leadgrade_Status__c';
const EXPLANATION = 'Leadgrade_Explanation__c';
const SCORED_AT = 'Leadgrade_Scored_At__c';
const MODEL = 'Leadgrade_Model__c';
const FEEDBACK = 'Leadgrade_Feedback__c';
const FEEDBACK_REASON = 'Leadgrade_Feedback_Reason__c';

const SCORE_FIELDS = [GRADE, FIT, BEHAVIOR, TOTAL, STATUS, EXPLANATION, SCORED_AT, MODEL];
const FIELDS = [...SCORE_FIELDS, FEEDBACK, FEEDBACK_REASON];

const VERDICTS = [
  { value: 'agree', label: 'Score is right' },
  { value: 'too_high', label: 'Too high' },
  { value: 'too_low', label: 'Too low' },
];
const BLANK = '–';

export default class LeadgradeCard extends LightningElement {
  @api objectApiName;

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
    return this.objectApiName && FIELDS.map((field) => `${this.objectApiName}.${field}`);
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
    return Boolean(this.record) && !SCORE_FIELDS.some((field) => this.isVisible(field));
  }

  get isUnscored() {
    return Boolean(this.record) && SCORE_FIELDS.every((field) => isEmpty(this.valueOf(field)));
  }

  get grade() {
    return this.labelOf(GRADE);
  }

  get total() {
    return this.valueOf(TOTAL) ?? BLANK;
  }

  /** Begins with a space, because LWC strips the spaces of the template. */
  get sum() {
    return ` = fit ${this.valueOf(FIT) ?? BLANK} + behavior ${this.valueOf(BEHAVIOR) ?? BLANK}`;
  }

  get status() {
    return this.labelOf(STATUS);
  }

  get scoredAt() {
    return this.valueOf(SCORED_AT);
  }

  get model() {
    return this.valueOf(MODEL);
  }

  get explanation() {
    return readExplanation(this.valueOf(EXPLANATION));
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
    return this.isVisible(FEEDBACK) && this.isVisible(FEEDBACK_REASON);
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
