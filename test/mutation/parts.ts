/** A part of the sources whose mutants are tried, with the tests that must notice them. */
export interface MutationPart {
  /** Files to mutate: globs of the repository. */
  readonly mutate: readonly string[]
  /** Files of these to leave. */
  readonly except?: readonly string[]
  readonly tests: readonly string[]
}

/** The parts of which at least 85 % must be killed. */
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
    // Their SQL needs a server, as the inboxes that are left out.
    except: [
      'packages/core/src/inbox/engine/operate/{scan,table-prune,table-view}.ts',
      'packages/core/src/inbox/engine/journal/table-journal.ts',
    ],
    tests: [
      'packages/core/test/{inbox/{engine,inline},subscribe}/**/*.test.ts',
      // `event` there takes long, and what it shows lies outside of these folders.
      'packages/core/test/inbox/memory/{change,contract,inbox,journal,settings}.test.ts',
      'packages/sqlite/test/{actions,burst,commit,erase,interrupted,journal,known,lease,prune,view}.test.ts',
      'packages/core/test/receiver.test.ts',
    ],
  },
}

/** Everything else, of which a sample is tried. Inboxes on engines need their services and are left out. */
export const REST: MutationPart = {
  mutate: ['packages/{core,providers,node,express,koa,fastify,sqlite,forward}/src/**/*.ts'],
  except: [
    'packages/*/src/**/*.d.ts',
    'packages/providers/src/types/**',
    'packages/core/src/explain/**',
    ...Object.values(PARTS).flatMap(({ mutate }) => mutate),
  ],
  // One file sends signals to its process, which only reach a test that runs in no thread; one compiles the sources, which are changed.
  tests: [
    'packages/{core,providers,node,express,koa,fastify,sqlite,forward}/test/**/!(close-on-signal|absent).test.ts',
  ],
}

/** Tests of speed and of large amounts, which take seconds or minutes where each step of a source asks for its mutant. */
export const SLOW: readonly string[] = [
  'is bounded, whatever the length of the text and however it ends',
  'topics nobody subscribed to take no room that grows',
  'keys that are not idle are bounded too, those that run apart',
  'entries that stay are found among many that come and go',
  'do not wait while a backlog is worked off',
]

/**
 * Tests that load modules again. If they ran, Stryker would try the constants of a module against these tests alone, though
 * every test uses those constants.
 */
export const RELOADING: readonly string[] = [
  'the first XML body waits for the parser, the next does not',
  'is asked for, and happens once',
  'another copy of the package shares the place',
]

/** Tests that read the sources, which a mutation run has changed, or that run them as a user who may not read its copy. */
export const READING: readonly string[] = [
  'is what the script writes, and so is the index',
  'a file that may not be written',
]
