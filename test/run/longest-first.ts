import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Half a minute to two minutes each, the longest first. Their text is short: where no earlier run has left durations, vitest
// begins with the longest texts, and one of these would run on alone at the end.
const LONG = [
  'test/hostile/hostile.test.ts',
  'test/hostile/rules.test.ts',
  'packages/pg-boss/test/inbox.test.ts',
  'packages/inspector/test/page/hostile.test.ts',
  'test/contract/sound-receivers.test.ts',
  'packages/providers/test/explain/hostile.test.ts',
  'packages/next/test/webhook.test.ts',
  'packages/bullmq/test/inbox.test.ts',
  'test/examples/next-bullmq.test.ts',
  'packages/inspector/test/page/live.test.ts',
  'test/examples/next-serverless.test.ts',
  'packages/inspector/test/page/access.test.ts',
  'test/contract/flawed-receivers.test.ts',
  'packages/registrar/test/catch-up/kill.test.ts',
  'test/examples/next-stripe.test.ts',
]

/** Begins each project with the files that take longest, so that its workers end at about the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const projects = Map.groupBy(sorted, ({ project }) => project)
    return [...projects.values()].flatMap((some) => some.toSorted((a, b) => rank(a) - rank(b)))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((file) => moduleId.endsWith(`/${file}`))
  return at < 0 ? LONG.length : at
}
