import LeadgradeCard from 'c/leadgradeCard';
import { getRecord, updateRecord } from 'lightning/uiRecordApi';
import { createElement } from 'lwc';

const EXPLANATION = [
  '52 = fit 40 (B) + behavior 12, as of 22 Nov 2026',
  '+25 Director or head of (Job title)',
  '+30 Ideal size (50 to 999 people) (Company size)',
  '-3 Unsubscribed',
  'Held at Engaged: Budget unknown. Would be lifted by contact.budget',
  'Falls to Cold on 3 Dec 2026 without further activity',
].join('\n');

const SCORED = {
  Leadgrade_Fit_Grade__c: { value: 'B', displayValue: 'B' },
  Leadgrade_Fit_Score__c: { value: 40, displayValue: '40' },
  Leadgrade_Behavior_Score__c: { value: 12, displayValue: '12' },
  Leadgrade_Total_Score__c: { value: 52, displayValue: '52' },
  Leadgrade_Status__c: { value: 'engaged', displayValue: 'Engaged - continue nurture' },
  Leadgrade_Explanation__c: { value: EXPLANATION, displayValue: null },
  Leadgrade_Scored_At__c: { value: '2026-11-22T08:00:00.000Z', displayValue: null },
  Leadgrade_Model__c: { value: 'b2b-saas@2026.11.1', displayValue: null },
  Leadgrade_Feedback__c: { value: null, displayValue: null },
  Leadgrade_Feedback_Reason__c: { value: null, displayValue: null },
};
const FIELDS = Object.keys(SCORED);
const EMPTY = Object.fromEntries(FIELDS.map((field) => [field, { value: null, displayValue: null }]));
const LEAD_ID = '00Q000000000001AAA';

function showCard(objectApiName = 'Lead', recordId = LEAD_ID) {
  const card = createElement('c-leadgrade-card', { is: LeadgradeCard });
  card.objectApiName = objectApiName;
  card.recordId = recordId;
  document.body.appendChild(card);
  return card;
}

async function showRecord(fields, objectApiName, recordId) {
  const card = showCard(objectApiName, recordId);
  getRecord.emit({ id: recordId, fields });
  await rendered();
  return card;
}

/** Waits until pending saves are done and the card is rendered again. */
function rendered() {
  return new Promise((resolve) => setTimeout(resolve));
}

function all(card, selector) {
  return [...card.shadowRoot.querySelectorAll(selector)];
}

function one(card, selector) {
  return card.shadowRoot.querySelector(selector);
}

function textOf(card, selector) {
  return all(card, selector).map((each) => each.textContent.replace(/\s+/g, ' ').trim());
}

function typeReason(card, value) {
  one(card, 'lightning-input').dispatchEvent(new CustomEvent('change', { detail: { value } }));
}

function verdict(card, value) {
  return one(card, `button[data-verdict="${value}"]`);
}

/** The next update stays pending until the test resolves or rejects it. */
function pendingUpdate() {
  const update = Promise.withResolvers();
  updateRecord.mockReturnValueOnce(update.promise);
  return update;
}

afterEach(() => {
  for (const card of [...document.body.children]) card.remove();
  jest.clearAllMocks();
});

test.each([
  ['Lead', LEAD_ID],
  ['Contact', '003000000000001AAA'],
])('a scored %s shows its grade, sum, status, reasons, what holds it back and what comes next', async (object, id) => {
  const card = await showRecord(SCORED, object, id);
  expect(getRecord.getLastConfig()).toEqual({
    recordId: id,
    optionalFields: FIELDS.map((field) => `${object}.${field}`),
  });
  expect(textOf(card, '.grade')).toEqual(['Fit grade B']);
  expect(textOf(card, '.sum')).toEqual(['Total score 52 = fit 40 + behavior 12']);
  expect(textOf(card, '.status')).toEqual(['Status Engaged - continue nurture']);
  expect(textOf(card, '.reason')).toEqual([
    '+25Director or head of (Job title)',
    '+30Ideal size (50 to 999 people) (Company size)',
    '-3Unsubscribed',
  ]);
  expect(textOf(card, '.held li')).toEqual(['Held at Engaged: Budget unknown. Would be lifted by contact.budget']);
  expect(textOf(card, '.next li')).toEqual(['Falls to Cold on 3 Dec 2026 without further activity']);
  expect(one(card, 'lightning-formatted-date-time').value).toBe('2026-11-22T08:00:00.000Z');
  expect(textOf(card, '.origin')).toEqual(['Scored with b2b-saas@2026.11.1']);
  expect(all(card, '[role="alert"]')).toEqual([]);
});

test('the card of a second model shows the fields of that model under its name, and takes no feedback', async () => {
  const named = Object.entries(SCORED).map(([field, value]) => [
    field.replace('Leadgrade_', 'Leadgrade_New_Business_'),
    value,
  ]);
  const card = createElement('c-leadgrade-card', { is: LeadgradeCard });
  card.objectApiName = 'Lead';
  card.recordId = LEAD_ID;
  card.model = 'new_business';
  document.body.appendChild(card);
  getRecord.emit({ id: LEAD_ID, fields: { ...EMPTY, ...Object.fromEntries(named) } });
  await rendered();
  expect(getRecord.getLastConfig().optionalFields).toContain('Lead.Leadgrade_New_Business_Fit_Grade__c');
  expect(getRecord.getLastConfig().optionalFields.join()).not.toContain('Feedback');
  expect(one(card, 'lightning-card').title).toBe('Leadgrade: new business');
  expect(textOf(card, '.sum')).toEqual(['Total score 52 = fit 40 + behavior 12']);
  expect(all(card, 'button')).toEqual([]);
});

test('positive and negative reasons differ by sign, icon and text, not only by color', async () => {
  const card = await showRecord(SCORED);
  const icons = all(card, '.reason lightning-icon').map((icon) => [icon.iconName, icon.alternativeText]);
  expect(icons).toEqual([
    ['utility:arrowup', 'Adds'],
    ['utility:arrowup', 'Adds'],
    ['utility:arrowdown', 'Takes away'],
  ]);
  expect(textOf(card, '.reason_against .points')).toEqual(['-3']);
});

test('the card of an unscored lead says so and shows no feedback buttons', async () => {
  const card = await showRecord(EMPTY);
  expect(textOf(card, '.state')).toEqual(['Not yet scored.']);
  expect(all(card, 'button')).toEqual([]);
});

test('the card shows a total score of zero', async () => {
  const card = await showRecord({ ...EMPTY, Leadgrade_Total_Score__c: { value: 0, displayValue: '0' } });
  expect(textOf(card, '.total')).toEqual(['0']);
});

test('the card shows a blank for each field that the user cannot see', async () => {
  const { Leadgrade_Total_Score__c, Leadgrade_Model__c } = SCORED;
  const card = await showRecord({ Leadgrade_Total_Score__c, Leadgrade_Model__c });
  expect(textOf(card, '.grade')).toEqual(['Fit grade –']);
  expect(textOf(card, '.sum')).toEqual(['Total score 52 = fit – + behavior –']);
  expect(textOf(card, '.status')).toEqual(['Status –']);
  expect(textOf(card, 'h3')).toEqual([]);
  expect(textOf(card, '.origin')).toEqual(['with b2b-saas@2026.11.1']);
  expect(all(card, '[role="alert"], lightning-formatted-date-time, button')).toEqual([]);
});

test('the card shows no feedback buttons to a user who cannot see one of the two feedback fields', async () => {
  const { Leadgrade_Feedback_Reason__c: _, ...rest } = SCORED;
  const card = await showRecord(rest);
  expect(textOf(card, '.total')).toEqual(['52']);
  expect(all(card, 'button')).toEqual([]);
});

test('the card names the missing permission set to a user who cannot see any Leadgrade field', async () => {
  const card = await showRecord({});
  expect(textOf(card, '.state')[0]).toContain('Leadgrade Viewer');
});

test('the card shows the value of a status that the picklist does not contain', async () => {
  const card = await showRecord({ ...SCORED, Leadgrade_Status__c: { value: 'vip', displayValue: null } });
  expect(textOf(card, '.status')).toEqual(['Status vip']);
});

test('the card shows a negative total and its parts', async () => {
  const card = await showRecord({
    ...SCORED,
    Leadgrade_Fit_Score__c: { value: -15 },
    Leadgrade_Behavior_Score__c: { value: 10 },
    Leadgrade_Total_Score__c: { value: -5 },
    Leadgrade_Explanation__c: {
      value: 'Total -5 = fit -15 (F) + behavior 10, as of 22 Nov 2026\n-15 Too small\n+10 Webinar',
    },
  });
  expect(textOf(card, '.sum')).toEqual(['Total score -5 = fit -15 + behavior 10']);
  expect(textOf(card, '.points')).toEqual(['-15', '+10']);
  expect(textOf(card, '.held li')).toEqual([]);
});

test('the card shows the points of the last line of a shortened explanation', async () => {
  const card = await showRecord({
    ...SCORED,
    Leadgrade_Explanation__c: { value: `${EXPLANATION.split('\n').slice(0, 3).join('\n')}\n-3 from 4 smaller reasons` },
  });
  expect(textOf(card, '.points')).toEqual(['+25', '+30', '-3']);
  expect(textOf(card, '.reason_against .text')).toEqual(['from 4 smaller reasons']);
});

test('the card shows markup in an explanation, a status or a model as text', async () => {
  const markup = '<script>alert(1)</script><img src=x onerror=alert(1)>';
  const card = await showRecord({
    ...SCORED,
    Leadgrade_Explanation__c: { value: `+5 ${markup}\nHeld at ${markup}\nRises to ${markup}` },
    Leadgrade_Status__c: { value: markup, displayValue: markup },
    Leadgrade_Model__c: { value: markup },
  });
  expect(textOf(card, '.reason .text')).toEqual([markup]);
  expect(textOf(card, '.held li')).toEqual([`Held at ${markup}`]);
  expect(textOf(card, '.next li')).toEqual([`Rises to ${markup}`]);
  expect(textOf(card, '.status')).toEqual([`Status ${markup}`]);
  expect(all(card, 'script, img')).toEqual([]);
});

test('the card shows that it is loading until the record arrives', async () => {
  const card = showCard();
  await rendered();
  expect(textOf(card, '.state')).toEqual(['Loading the score …']);
});

test('the card shows the message of the org if the record cannot be read', async () => {
  const card = showCard();
  getRecord.error({ message: 'You do not have access to this record.' });
  await rendered();
  expect(textOf(card, '[role="alert"]')).toEqual([
    'The score could not be read.You do not have access to this record.',
  ]);
});

test('feedback updates only the two feedback fields of the record', async () => {
  const card = await showRecord(SCORED);
  typeReason(card, '  Their budget is gone ');
  verdict(card, 'too_high').click();
  await rendered();
  expect(updateRecord.mock.calls).toEqual([
    [
      {
        fields: {
          Id: LEAD_ID,
          Leadgrade_Feedback__c: 'too_high',
          Leadgrade_Feedback_Reason__c: 'Their budget is gone',
        },
      },
    ],
  ]);
  expect(textOf(card, '[role="status"]')).toEqual(['Saved.']);
});

test('feedback without a reason clears the reason field', async () => {
  const card = await showRecord(SCORED);
  verdict(card, 'agree').click();
  await rendered();
  expect(updateRecord.mock.calls[0][0].fields).toEqual({
    Id: LEAD_ID,
    Leadgrade_Feedback__c: 'agree',
    Leadgrade_Feedback_Reason__c: null,
  });
});

test('saved feedback is shown as a pressed button with its reason, and can be withdrawn', async () => {
  const card = await showRecord({
    ...SCORED,
    Leadgrade_Feedback__c: { value: 'too_low', displayValue: 'Too low' },
    Leadgrade_Feedback_Reason__c: { value: 'Met the CEO' },
  });
  const pressed = all(card, 'button[aria-pressed="true"]').map((button) => button.dataset.verdict);
  expect(pressed).toEqual(['too_low']);
  expect(one(card, 'lightning-input').value).toBe('Met the CEO');
  one(card, '.withdraw').click();
  await rendered();
  expect(updateRecord.mock.calls[0][0].fields).toEqual({
    Id: LEAD_ID,
    Leadgrade_Feedback__c: null,
    Leadgrade_Feedback_Reason__c: null,
  });
});

test('the buttons and the reason are disabled while feedback is being saved', async () => {
  const card = await showRecord({ ...SCORED, Leadgrade_Feedback__c: { value: 'too_low', displayValue: 'Too low' } });
  const update = pendingUpdate();
  verdict(card, 'agree').click();
  await rendered();
  const buttons = () => all(card, 'button').map((button) => button.disabled);
  expect(buttons()).toEqual([true, true, true, true]);
  expect(one(card, 'lightning-input').disabled).toBe(true);
  expect(textOf(card, '[role="status"]')).toEqual(['Saving …']);
  update.resolve({});
  await rendered();
  expect(buttons()).toEqual([false, false, false, false]);
});

test('feedback that the org refuses shows the message of the org, keeps the typed reason, and can be sent again', async () => {
  const card = await showRecord(SCORED);
  updateRecord.mockRejectedValueOnce({
    body: { message: 'general', output: { errors: [{ message: 'Closed leads are frozen.' }], fieldErrors: {} } },
  });
  typeReason(card, 'Wrong country');
  verdict(card, 'too_high').click();
  await rendered();
  expect(textOf(card, '.failure')).toEqual(['Your feedback was not saved.Closed leads are frozen.']);
  expect(textOf(card, '[role="status"]')).toEqual(['']);
  expect(one(card, 'lightning-input').value).toBe('Wrong country');
  expect(verdict(card, 'too_high').disabled).toBe(false);
  const update = pendingUpdate();
  verdict(card, 'too_high').click();
  await rendered();
  expect(all(card, '.failure')).toEqual([]);
  update.resolve({});
  await rendered();
  expect(textOf(card, '[role="status"]')).toEqual(['Saved.']);
});

test('a card that is reused for another record does not show the error of the first record', async () => {
  const card = await showRecord(SCORED);
  updateRecord.mockRejectedValueOnce({ body: { message: 'The first lead is locked.' } });
  verdict(card, 'agree').click();
  await rendered();
  expect(all(card, '.failure')).toHaveLength(1);
  card.recordId = '00Q000000000002AAA';
  getRecord.emit({ id: '00Q000000000002AAA', fields: SCORED });
  await rendered();
  expect(all(card, '.failure')).toEqual([]);
});

test('a card that is reused for another record during a save shows neither the reason nor the error of the first', async () => {
  const card = await showRecord(SCORED);
  const update = pendingUpdate();
  typeReason(card, 'About the first lead');
  verdict(card, 'too_high').click();
  card.recordId = '00Q000000000002AAA';
  getRecord.emit({ id: '00Q000000000002AAA', fields: SCORED });
  await rendered();
  expect(one(card, 'lightning-input').value).toBe('');
  expect(verdict(card, 'agree').disabled).toBe(false);
  update.reject({ body: { message: 'The first lead is locked.' } });
  await rendered();
  expect(all(card, '.failure')).toEqual([]);
  expect(textOf(card, '[role="status"]')).toEqual(['']);
});
