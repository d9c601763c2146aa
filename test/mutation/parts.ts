/** A part of the sources whose mutants are tried, with the tests that must notice them. */
export interface MutationPart {
  /** Files to mutate: globs of the repository. */
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

/** The parts of which at least 85 % must be killed. */
export const PARTS: Readonly<Record<string, MutationPart>> = {
  schemes: {
    mutate: ['packages/core/src/provider/schemes/*.ts'],
    tests: ['packages/core/test/provider/**/*.test.ts'],
  },
  body: {
    mutate: ['packages/core/src/body/*.ts'],
    tests: ['packages/core/test/body/**/*.test.ts', 'packages/core/test/receive/**/*.test.ts'],
  },
  line: {
    mutate: ['packages/core/src/receive/*.ts'],
    tests: [
      'packages/core/test/*.test.ts',
      'packages/core/test/{receive,subscribe,routes}/**/*.test.ts',
    ],
  },
  kit: {
    mutate: ['packages/core/src/inbox/kit/*.ts'],
    tests: [
      'packages/core/test/{inbox,subscribe}/**/*.test.ts',
      'packages/core/test/receiver.test.ts',
    ],
  },
}

/** Everything else, of which a sample is tried. Inboxes on engines need their services and are left out. */
export const REST: MutationPart & { readonly except: string[] } = {
  mutate: ['packages/{core,providers,node,express,koa,fastify,sqlite,forward}/src/**/*.ts'],
  except: [
    'packages/*/src/**/*.d.ts',
    'packages/providers/src/types/**',
    'packages/core/src/explain/**',
    ...Object.values(PARTS).flatMap(({ mutate }) => mutate),
  ],
  tests: ['packages/{core,providers,node,express,koa,fastify,sqlite,forward}/test/**/*.test.ts'],
}
