// Products that a test opens, closed when it ends.
import { afterEach } from 'vitest';
import { openTestProduct, type TestProduct, type TestProductOptions } from './product.ts';

export interface OpenedProducts {
  open(options?: TestProductOptions): Promise<TestProduct>;
  /** What else is to be ended after the test, the latest first. */
  readonly endings: (() => Promise<unknown>)[];
}

/** For one test file. @param defaults what `open` takes where it is not told otherwise */
export function openedProducts(defaults: TestProductOptions = {}): OpenedProducts {
  const endings: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });
  return {
    endings,
    open: async (options = {}) => {
      const product = await openTestProduct({ ...defaults, ...options });
      endings.push(product.close);
      return product;
    },
  };
}
