// The account's subscription. It decides scopes, rate limits and the number of custom properties.

export type Tier = 'free' | 'pro' | 'enterprise';
