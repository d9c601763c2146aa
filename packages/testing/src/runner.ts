/** The two functions a contract suite needs of a test runner; vitest, node:test and jest have them. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: (name: string, body: () => void | Promise<void>) => unknown
}
