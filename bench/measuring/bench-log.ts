// The log of the product in a benchmark: only what went wrong.

export const benchLog = { info: () => undefined, warn: console.warn, error: console.error };
