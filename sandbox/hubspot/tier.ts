// The account's subscription. It decides scopes, rate limits and the number of custom properties.

export const TIERS = ['free', 'pro', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];
