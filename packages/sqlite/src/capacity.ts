import { WebhookError } from '@postern/core'
import { type Intake } from '@postern/core/inbox'
import type { Tally } from './tally.ts'

/** The refusal of a delivery if the receiver has no room for its tasks. Inside a transaction. */
export function fullError(
  tally: Tally,
  receiver: string,
  { items }: Intake,
  maxPending: number,
): WebhookError | undefined {
  const open = tally.open(tally.receiver(receiver))
  const wanted = items.reduce((sum, item) => sum + item.tasks.length, 0)
  if (open + wanted <= maxPending) return undefined
  return new WebhookError(
    'inbox_full',
    `sqliteInbox: ${open} tasks of ${receiver} are pending, maxPending is ${maxPending}`,
  )
}
