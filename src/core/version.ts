/** The product's version; `scripts/gen.ts --check` holds it equal to package.json's. */
export const version = '0.1.0';
