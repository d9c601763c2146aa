import { afterAll, expect } from 'vitest'
import { needs } from '../../services/needs.ts'
import { redisServer } from '../../services/programs.ts'
import { createInboxes } from './inboxes.ts'
import { parts } from './parts.ts'
import { reportRule } from './report.ts'
import { playRule } from './rule.ts'

/** Defines the tests for a third of the rules. Three test files cover all rules, so that workers run in parallel. */
export function testRules(share: 0 | 1 | 2): void {
  const inboxes = createInboxes()
  afterAll(() => inboxes.close())
  for (const part of parts.filter((_, at) => at % 3 === share))
    needs(redisServer).test(
      `rule ${part.rule} ${part.title} holds over the whole product`,
      { timeout: 400_000 },
      async () => {
        expect(reportRule(part, await playRule(part, inboxes)).wrong).toEqual([])
      },
    )
}
