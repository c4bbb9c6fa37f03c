// The contact properties in which HubSpot counts activities.

/** A merge adds these up. */
export const COUNTER_PROPERTIES = [
  'hs_analytics_num_page_views',
  'hs_analytics_num_visits',
  'num_conversion_events',
  'hs_email_open',
  'hs_email_click',
  'hs_email_delivered',
] as const;
