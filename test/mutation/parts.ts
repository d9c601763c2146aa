/** Sources to mutate, and the tests that must detect the mutants. */
export interface MutationPart {
  /** Files to mutate, as globs from the repository's root. */
  readonly mutate: readonly string[]
  /** Files that are left out. */
  readonly except?: readonly string[]
  readonly tests: readonly string[]
}

/** Parts with a required score: tests must detect at least 85 % of the mutants. */
export const PARTS: Readonly<Record<string, MutationPart>> = {
  schemes: {
    mutate: ['packages/core/src/provider/schemes/**/*.ts'],
    tests: [
      'packages/core/test/provider/**/*.test.ts',
      'packages/core/test/receive/explainer.test.ts',
    ],
  },
  body: {
    mutate: ['packages/core/src/body/**/*.ts'],
    tests: [
      'packages/core/test/body/**/*.test.ts',
      'packages/core/test/{fetch,receive/receive,receive/strip}.test.ts',
      'packages/core/test/provider/schemes/{hmac,ed25519,rejections,standard-webhooks}.test.ts',
    ],
  },
  line: {
    mutate: ['packages/core/src/{receive,observe,receiver}/**/*.ts'],
    tests: [
      'packages/core/test/*.test.ts',
      'packages/core/test/{receive,receiver,observe,subscribe,routes}/**/*.test.ts',
      'packages/core/test/body/{counted,parse,unverified}.test.ts',
      'packages/core/test/provider/{per-tenant,schemes/declared}.test.ts',
      'packages/core/test/inbox/{inline/inbox,memory/inbox,memory/journal}.test.ts',
      'packages/core/test/inbox/engine/journal/journal.test.ts',
      'packages/registrar/test/catch-up/{automatic,conduct,rules}.test.ts',
      'packages/{cli/test/topic-typos,node/test/webhook,providers/test/verify-request,sqlite/test/webhook}.test.ts',
    ],
  },
  tasks: {
    mutate: [
      'packages/core/src/inbox/engine/{attach,journal,operate,write}/*.ts',
      'packages/core/src/inbox/engine/{cause,closing,rules,semaphore,accept/capacity}.ts',
      'packages/core/src/inbox/engine/run/{alarm,claim,drain,runner,slot,task}.ts',
    ],
    // The SQL of these files needs a database server.
    except: [
      'packages/core/src/inbox/engine/operate/{scan,table-prune,table-view}.ts',
      'packages/core/src/inbox/engine/journal/table-journal.ts',
    ],
    tests: [
      'packages/core/test/{inbox/{engine,inline},subscribe}/**/*.test.ts',
      // Leaves out the slow file `event`, which tests code outside of these folders.
      'packages/core/test/inbox/memory/{change,contract,inbox,journal,settings}.test.ts',
      'packages/sqlite/test/{actions,burst,commit,erase,interrupted,journal,known,lease,odd-rows,prune,view}.test.ts',
      'packages/core/test/receiver.test.ts',
    ],
  },
}

/** All other sources, of which a sample is mutated. Inboxes that need a database server are left out. */
export const REST: MutationPart = {
  mutate: ['packages/{core,providers,node,express,koa,fastify,sqlite,forward}/src/**/*.ts'],
  except: [
    'packages/*/src/**/*.d.ts',
    'packages/providers/src/types/**',
    'packages/core/src/explain/**',
    ...Object.values(PARTS).flatMap(({ mutate }) => mutate),
  ],
  // Leaves out one file that needs a process instead of a thread for its signals, and one that compiles the mutated
  // sources.
  tests: [
    'packages/{core,providers,node,express,koa,fastify,sqlite,forward}/test/**/!(close-on-signal|absent).test.ts',
  ],
}

/**
 * Tests of speed and of large amounts. They take seconds or minutes with mutants, because each step checks which mutant
 * is active.
 */
export const SLOW: readonly string[] = [
  'is bounded, whatever the length of the text and however it ends',
  'topics nobody subscribed to take no room that grows',
  'keys that are not idle are bounded too, those that run apart',
  'entries that stay are found among many that come and go',
  'do not wait while a backlog is worked off',
  'a retry that is due in a thousand years runs soon',
  'among more than 10,000 events, a list from a time on has the newest event',
  'lists and prune end with the number -17',
  'lists and prune end with the number -8000000000000',
]

/**
 * Tests that load modules again. Because of them, Stryker would run a mutant of a module's constants against these
 * tests only, although every test uses the constants.
 */
export const RELOADING: readonly string[] = [
  'the first XML body waits for the parser, the next does not',
  'is asked for, and happens once',
  'another copy of the package shares the place',
]

/** Tests that read the mutated sources, or that run as a user who cannot read the copy. */
export const READING: readonly string[] = [
  'is what the script writes, and so is the index',
  'a file that may not be written',
]
