import { jestConfig } from '@salesforce/sfdx-lwc-jest/config.js';

export default { ...jestConfig, testMatch: ['**/__tests__/**/*.test.js'] };
