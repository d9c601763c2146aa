import { WebhookError } from '@postern/core'
import { type Intake } from '@postern/core/inbox'
import type { Tally } from './tally.ts'

/** The refusal of a delivery for whose tasks there is no room. Inside a transaction. */
export function fullError(
  tally: Tally,
  { items }: Intake,
  maxPending: number,
): WebhookError | undefined {
  const open = tally.open()
  const wanted = items.reduce((sum, item) => sum + item.tasks.length, 0)
  if (open + wanted <= maxPending) return undefined
  return new WebhookError(
    'inbox_full',
    `sqliteInbox: ${open} tasks are pending, maxPending is ${maxPending}`,
  )
}
