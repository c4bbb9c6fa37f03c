// Time is an argument everywhere. Only the edge (the start of a job, the arrival of a request)
// reads a clock and passes the instant inward. The system clock is in cli/product/open-product.ts;
// the demo and the tests use a simulated one.

export interface Clock {
  /** The current instant. */
  now(): Date;
}
