// Time is an argument everywhere. A clock is read only at the edge (a job's start, a request's arrival) and its instant is
// passed inward; the system clock itself lives in cli/product/open-product.ts, a simulated one in the demo and the tests.

export interface Clock {
  /** The current instant. */
  now(): Date;
}
