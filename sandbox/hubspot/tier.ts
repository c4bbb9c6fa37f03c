// What kind of account it is: what its token may do, how much, and how many properties may be added.

export type Tier = 'free' | 'pro' | 'enterprise';
