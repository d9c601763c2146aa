import { createSeal, type Inbox } from '@postern/core/inbox'
import type { ExplainReply } from '../api/detail.ts'
import type { HealthReply } from '../api/health.ts'
import { createBudgets } from '../budgets.ts'
import type { Proofs } from '../health/proofs.ts'
import { createWeek } from '../health/week.ts'
import type { InspectorOptions } from '../options.ts'
import { createRemembered } from '../remembered.ts'
import type { Context } from '../routes/context.ts'
import { answerHealth } from '../routes/health.ts'

/** What nobody looks at is not asked for eight rows alone: causes that are told of. */
const MOST_CAUSES = 100

/** Makes the function that asks as a visitor of the page does. */
export function createAsker(
  options: Pick<InspectorOptions, 'inbox' | 'receivers' | 'providers' | 'seal'>,
  payloads: boolean,
): (inbox: Inbox) => Promise<HealthReply> {
  const now = (): number => Date.now()
  const weekOf = createWeek(now)
  const proofs: Proofs = new Map()
  const explained = createRemembered<ExplainReply>()
  const budgetOf = createBudgets()
  const seal = options.seal === undefined ? undefined : createSeal(options.seal, 'seal')
  return async (inbox) => {
    const { receivers = [] } = options
    const given = typeof receivers === 'function' ? await receivers() : receivers
    const context: Context = {
      now,
      inbox,
      receivers: await Promise.all(given.map(async (one) => one)),
      options: options as InspectorOptions<never>,
      visitor: { payloads, allow: 'read', isDeveloper: false, canSignOut: false },
      query: new URLSearchParams({ range: '24h' }),
      body: {},
      shared: (_, ask) => ask(),
      version: async () => '',
      forget: () => {},
      seal,
      proofs,
      budget: budgetOf('alerts'),
      explained,
      weekOf,
      acted: () => {},
    }
    return answerHealth(context, MOST_CAUSES)
  }
}
