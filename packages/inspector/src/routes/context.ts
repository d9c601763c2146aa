import type { ActedInfo } from '@postern/core/internal'
import type { Inbox } from '@postern/core/inbox'
import { createSeal, type Seal } from '@postern/core/engine'
import type { ExplainReply } from '../api/detail.ts'
import { createBudgets, type LoopBudget } from '../replies.ts'
import { createRemembered, type Remembered } from '../kept.ts'
import type { Visitor } from '../gate/gate.ts'
import type { Inspected, InspectorOptions } from '../options.ts'
import type { Proofs } from '../health/proofs.ts'
import { createWeek, type Week } from '../health/week.ts'

export interface Context {
  /** Returns the current time, in milliseconds since 1970. */
  readonly now: () => number
  readonly inbox: Inbox
  readonly receivers: readonly Inspected[]
  readonly options: InspectorOptions<never>
  readonly visitor: Visitor
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
  /** Returns the answer to the question `key`. Equal questions share one answer until the version changes. */
  readonly shared: <T>(key: string, ask: () => Promise<T>) => Promise<T>
  readonly version: () => Promise<string>
  /** Drops the shared answers. Call this after a change that does not change the version, such as a mute. */
  readonly forget: () => void
  readonly seal: Seal | undefined
  /** Known causes of bursts of rejections, by `[receiver, code]` as JSON. */
  readonly proofs: Proofs
  /** The time that searches of this visitor may block the event loop. */
  readonly budget: LoopBudget
  readonly explained: Remembered<ExplainReply>
  readonly weekOf: (inbox: Inbox) => Promise<Week>
  readonly acted: (action: ActedInfo) => void
}

/** Makes the parts of a {@link Context} that all requests share. `budgetOf` returns the budget of a visitor. */
export function contextParts(options: InspectorOptions<never>): Pick<
  Context,
  'now' | 'options' | 'seal' | 'proofs' | 'explained' | 'weekOf'
> & {
  readonly budgetOf: (visitor: string) => LoopBudget
} {
  const { encryptionKey } = options
  const now = (): number => Date.now()
  return {
    now,
    options,
    seal: encryptionKey === undefined ? undefined : createSeal(encryptionKey, 'encryptionKey'),
    proofs: new Map(),
    explained: createRemembered(),
    weekOf: createWeek(now),
    budgetOf: createBudgets(),
  }
}

export async function givenReceivers({
  receivers = [],
}: Pick<InspectorOptions<never>, 'receivers'>): Promise<readonly Inspected[]> {
  const given = typeof receivers === 'function' ? await receivers() : receivers
  return Promise.all(given.map(async (one) => one))
}
