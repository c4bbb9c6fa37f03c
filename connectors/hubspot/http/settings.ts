// The settings of the HubSpot connector. The keys are the names of environment variables.
import { z } from 'zod';
import { DEFAULT_API_VERSION } from './api-version.ts';

const FORMS_SECONDS = 'must be whole seconds from 5 to 3600: for example 30';

const ACCESS_TOKEN = "is missing: the token on the app's Auth tab (or a service key)";

export const settingsSchema = z.object({
  HUBSPOT_ACCESS_TOKEN: z.string(ACCESS_TOKEN).trim().min(1, ACCESS_TOKEN),
  HUBSPOT_CLIENT_SECRET: z
    .string()
    .trim()
    .min(1)
    .optional()
    .describe("The client secret on the app's Auth tab, which signs webhooks. Without it changes are polled."),
  HUBSPOT_APP_ID: z
    .string()
    .trim()
    .min(1)
    .optional()
    .describe('With webhooks: the ID of the app, which identifies events of our own writes.'),
  HUBSPOT_API_URL: z.url().default('https://api.hubapi.com'),
  HUBSPOT_FORMS_SECONDS: z.coerce
    .number(FORMS_SECONDS)
    .int(FORMS_SECONDS)
    .min(5, FORMS_SECONDS)
    .max(3600, FORMS_SECONDS)
    .default(30)
    .describe(
      'Seconds between two polls of form submissions, for which HubSpot sends no webhook. A poll costs one call per form.',
    ),
  HUBSPOT_API_VERSION: z
    .string()
    .regex(/^\d{4}-\d{2}(-beta)?$/, 'must be a dated version: for example 2026-03')
    .default(DEFAULT_API_VERSION),
});

/** The questions of `npx leadgrade init`. */
export const promptedSettings = [
  {
    name: 'HUBSPOT_ACCESS_TOKEN',
    question: "HubSpot's access token (a service key, or the token on the Auth tab of your private app)",
    secret: true,
  },
];

export const webhookInfo = { requiredSetting: 'HUBSPOT_CLIENT_SECRET', path: '/webhooks/hubspot' };

export type HubSpotSettings = z.infer<typeof settingsSchema>;
