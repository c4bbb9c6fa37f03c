// Lead, Contact and Account, with the standard fields that lead scoring reads.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference
import { type FieldDefinition, field, parent, picklist, readOnly, text } from './field.ts';
import { objectType } from './object-type.ts';

const INDUSTRIES = [
  ...[
    'Agriculture',
    'Apparel',
    'Banking',
    'Biotechnology',
    'Chemicals',
    'Communications',
    'Construction',
    'Consulting',
  ],
  ...['Education', 'Electronics', 'Energy', 'Engineering', 'Entertainment', 'Environmental', 'Finance'],
  ...['Food & Beverage', 'Government', 'Healthcare', 'Hospitality', 'Insurance', 'Machinery', 'Manufacturing', 'Media'],
  ...['Not For Profit', 'Recreation', 'Retail', 'Shipping', 'Technology', 'Telecommunications', 'Transportation'],
  ...['Utilities', 'Other'],
];
const SOURCES = ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other'];
const RATINGS = ['Hot', 'Warm', 'Cold'];

function person(): readonly FieldDefinition[] {
  return [
    text('LastName', 80, { nillable: false }),
    text('FirstName', 40),
    picklist('Salutation', ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.']),
    readOnly('Name', 'string', { length: 121, label: 'Full Name', nillable: false }),
    text('Title', 128),
    field('Email', 'email'),
    field('Phone', 'phone'),
    field('MobilePhone', 'phone'),
    picklist('LeadSource', SOURCES),
    text('Description', 32_000),
    field('HasOptedOutOfEmail', 'boolean', { label: 'Email Opt Out' }),
    field('EmailBouncedDate', 'datetime'),
    text('EmailBouncedReason', 255),
    readOnly('LastActivityDate', 'date', { label: 'Last Activity' }),
    readOnly('MasterRecordId', 'reference', { label: 'Master Record ID' }),
  ];
}

function address(prefix: string): readonly FieldDefinition[] {
  return [
    text(`${prefix}Street`, 255),
    text(`${prefix}City`, 40),
    text(`${prefix}State`, 80),
    text(`${prefix}PostalCode`, 20),
    text(`${prefix}Country`, 80),
  ];
}

export const LEAD = objectType('Lead', '00Q', [
  ...person(),
  ...address(''),
  text('Company', 255, { nillable: false }),
  field('Website', 'url'),
  picklist('Industry', INDUSTRIES),
  picklist('Rating', RATINGS),
  picklist('Status', ['Open - Not Contacted', 'Working - Contacted', 'Closed - Converted', 'Closed - Not Converted'], {
    nillable: false,
  }),
  field('NumberOfEmployees', 'int', { label: 'Employees', precision: 8 }),
  field('AnnualRevenue', 'currency', { precision: 18, scale: 0 }),
  parent('Owner', ['Group', 'User'], { nillable: false }),
  readOnly('IsConverted', 'boolean', { label: 'Converted' }),
  readOnly('ConvertedDate', 'date'),
  parent('ConvertedAccount', ['Account'], { createable: false, updateable: false }),
  parent('ConvertedContact', ['Contact'], { createable: false, updateable: false }),
  parent('ConvertedOpportunity', ['Opportunity'], { createable: false, updateable: false }),
]);

export const CONTACT = objectType('Contact', '003', [
  ...person(),
  ...address('Mailing'),
  parent('Account', ['Account'], { label: 'Account ID' }),
  text('Department', 80),
  parent('ReportsTo', ['Contact']),
  parent('Owner', ['User'], { nillable: false }),
]);

export const ACCOUNT = objectType('Account', '001', [
  text('Name', 255, { label: 'Account Name', nillable: false }),
  picklist('Type', ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Channel Partner / Reseller', 'Other']),
  picklist('Industry', INDUSTRIES),
  picklist('Rating', RATINGS),
  ...address('Billing'),
  field('Phone', 'phone'),
  field('Website', 'url'),
  field('NumberOfEmployees', 'int', { label: 'Employees', precision: 8 }),
  field('AnnualRevenue', 'currency', { scale: 0 }),
  text('Description', 32_000),
  parent('Parent', ['Account']),
  parent('Owner', ['User'], { nillable: false }),
  readOnly('LastActivityDate', 'date', { label: 'Last Activity' }),
  readOnly('MasterRecordId', 'reference', { label: 'Master Record ID' }),
]);
