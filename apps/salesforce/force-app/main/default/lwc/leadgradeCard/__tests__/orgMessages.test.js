import { orgMessages } from '../orgMessages';

test('the messages of validation rules and fields replace the general message', () => {
  const body = {
    message: 'An error occurred while trying to update the record. Please try again.',
    output: {
      errors: [{ message: 'Closed leads are frozen.' }],
      fieldErrors: { Leadgrade_Feedback__c: [{ message: 'bad value' }, { message: 'Closed leads are frozen.' }] },
    },
  };
  expect(orgMessages({ body })).toEqual(['Closed leads are frozen.', 'bad value']);
});

test.each([
  ['one message', { body: { message: 'No access.', output: { errors: [], fieldErrors: {} } } }, ['No access.']],
  ['several messages', { body: [{ message: 'One.' }, { message: 'Two.' }] }, ['One.', 'Two.']],
  ['a message of the browser', new Error('offline'), ['offline']],
  ['a message of the org and of the browser', { body: { message: 'No access.' }, message: 'ignored' }, ['No access.']],
  ['nothing', undefined, ['Salesforce gave no reason.']],
  ['an empty list', { body: [] }, ['Salesforce gave no reason.']],
])('the messages of an error with %s are extracted', (_, error, messages) => {
  expect(orgMessages(error)).toEqual(messages);
});
