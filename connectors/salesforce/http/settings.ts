// The settings of the Salesforce connector. The keys are the names of environment variables.
import { z } from 'zod';

/**
 * Spring '26 is 66.0 and Summer '26 is 67.0. Salesforce supports a version for at least three
 * years.
 */
const DEFAULT_API_VERSION = '66.0';

const ROWS = 'must be a number of records: for example 2000';
const TOKEN = 'must have at least 16 letters, digits, - and _: for example the output of `openssl rand -hex 32`';
const CLIENT_ID = 'is missing: the consumer key of the External Client App';
/**
 * Checks between settings run even if a single setting is invalid, so that all problems are
 * reported together.
 */
const ALWAYS = () => true;

export const settingsSchema = z
  .object({
    SALESFORCE_LOGIN_URL: z
      .url({
        protocol: /^https?$/,
        error: 'must be the My Domain URL of the org: for example https://acme.my.salesforce.com',
      })
      .describe('The My Domain URL of your org: https://acme.my.salesforce.com'),
    SALESFORCE_CLIENT_ID: z.string(CLIENT_ID).trim().min(1, CLIENT_ID),
    SALESFORCE_CLIENT_SECRET: z.string().trim().min(1).optional(),
    SALESFORCE_PRIVATE_KEY: z
      .string()
      .trim()
      .includes('PRIVATE KEY', {
        error: 'must be a private key in PEM: it begins with BEGIN PRIVATE KEY, and stands best in a file',
      })
      .optional()
      .describe('Instead of the secret: the private key (PEM) whose certificate the app has (JWT bearer flow).'),
    SALESFORCE_USERNAME: z
      .string()
      .trim()
      .min(1)
      .optional()
      .describe('With the private key: the username of the integration user.'),
    SALESFORCE_API_VERSION: z
      .string()
      .regex(/^\d{2}\.0$/, 'must be a version: for example 66.0')
      .default(DEFAULT_API_VERSION),
    SALESFORCE_ORG_ID: z
      .string()
      .trim()
      .regex(/^00D[a-zA-Z0-9]{12}(?:[a-zA-Z0-9]{3})?$/, 'must be the ID of an org: 00D and 12 or 15 more characters')
      .optional()
      .describe('The ID of your org (00D...). Messages from other orgs are ignored, and doctor checks the login.'),
    // Only characters that a URL never percent-encodes.
    SALESFORCE_WEBHOOK_TOKEN: z
      .string()
      .trim()
      .regex(/^[\w.~-]{16,}$/, TOKEN)
      .optional()
      .describe(
        'Enables /webhooks/salesforce/<token>. Create one with: openssl rand -hex 32. Without it changes are polled.',
      ),
    SALESFORCE_BULK_READ_FROM: z.coerce
      .number(ROWS)
      .int(ROWS)
      .min(1, ROWS)
      .default(50_000)
      .describe('The first sync of an object with at least this many records uses the Bulk API.'),
    SALESFORCE_BULK_WRITE_FROM: z.coerce
      .number(ROWS)
      .int(ROWS)
      .min(1, ROWS)
      .default(2_000)
      .describe('At least this many scores of one object are written through the Bulk API.'),
  })
  .refine(
    (settings) => settings.SALESFORCE_CLIENT_SECRET !== undefined || settings.SALESFORCE_PRIVATE_KEY !== undefined,
    {
      path: ['SALESFORCE_CLIENT_SECRET'],
      error:
        'is missing: the consumer secret of the External Client App (or set SALESFORCE_PRIVATE_KEY and SALESFORCE_USERNAME)',
      when: ALWAYS,
    },
  )
  .refine((settings) => settings.SALESFORCE_PRIVATE_KEY === undefined || settings.SALESFORCE_USERNAME !== undefined, {
    path: ['SALESFORCE_USERNAME'],
    error: 'is missing: the username of the integration user, which SALESFORCE_PRIVATE_KEY logs in as',
    when: ALWAYS,
  });

/** The questions of `npx leadgrade init`. */
export const promptedSettings = [
  {
    name: 'SALESFORCE_LOGIN_URL',
    question: 'The My Domain URL of your org (https://acme.my.salesforce.com)',
    secret: false,
  },
  {
    name: 'SALESFORCE_CLIENT_ID',
    question: 'The consumer key of your External Client App',
    secret: false,
  },
  {
    name: 'SALESFORCE_CLIENT_SECRET',
    question: 'The consumer secret of your External Client App',
    secret: true,
    skipIfSet: 'SALESFORCE_PRIVATE_KEY',
  },
];

export const webhookInfo = { requiredSetting: 'SALESFORCE_WEBHOOK_TOKEN', path: '/webhooks/salesforce/<token>' };

export type SalesforceSettings = z.infer<typeof settingsSchema>;
