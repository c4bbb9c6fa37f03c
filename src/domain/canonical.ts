// The canonical names that come with the product. Both sets are open: `npx leadgrade validate` reports
// an unknown name as a warning, so that a team can score on its own fields and activities.

export const CANONICAL_FIELDS: readonly string[] = [
  ...[
    'email',
    'first_name',
    'last_name',
    'job_title',
    // Made from the job title (mappings/titles.yaml), unless a mapping fills them.
    'title_level',
    'title_department',
    'seniority',
    'department',
    'phone',
    'country',
    'language',
    'lifecycle',
    'lead_source',
    'email_opt_out',
    'created_at',
    'owner',
    'deal_won_at',
    'budget',
    'authority',
    'need',
    'timing',
    'champion',
    'pain',
    'metrics',
    'decision_criteria',
    'decision_process',
    // HubSpot's own score, to compare with; never scored by a shipped model.
    'hubspot_score',
  ].map((name) => `contact.${name}`),
  ...[
    'name',
    'domain',
    'industry',
    'employees',
    'revenue',
    'country',
    'technologies',
    'funding_stage',
    'lifecycle',
  ].map((name) => `company.${name}`),
];

/** Activity types with the attributes that a mapping is expected to give them. */
export const CANONICAL_ACTIVITIES: Readonly<Record<string, readonly string[]>> = {
  page_view: ['url', 'path', 'title', 'referrer'],
  visit: [],
  form_submission: ['form', 'page'],
  email_delivered: ['email', 'campaign', 'url'],
  email_open: ['email', 'campaign', 'url'],
  /** Opened by a mail proxy or a scanner, not by the lead. */
  email_open_bot: ['email', 'campaign'],
  email_click: ['email', 'campaign', 'url'],
  email_reply: [],
  email_bounce: ['email', 'category'],
  unsubscribe: ['email'],
  meeting: ['title', 'outcome'],
  call: ['outcome', 'seconds'],
  webinar: ['name', 'attended'],
  event_attended: ['name'],
  content_download: ['name', 'kind'],
  trial_started: ['product'],
  chat: [],
  product_use: ['event'],
  list_joined: ['list'],
  campaign_response: ['campaign', 'type', 'status'],
};
