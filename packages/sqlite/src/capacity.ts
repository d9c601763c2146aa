import { WebhookError } from '@postern/core'
import type { Intake, Pace } from '@postern/core/inbox'
import type { Settings } from './settings.ts'
import type { Tally } from './tally.ts'

/** The refusal of a delivery if its receiver, or a tenant of it, has no room for its tasks. Inside a transaction. */
export function fullError(
  tally: Tally,
  owner: number,
  receiver: string,
  { items }: Intake,
  { maxPending, maxPendingShare }: Pick<Settings, 'maxPending' | 'maxPendingShare'>,
  pace: Pace,
): WebhookError | undefined {
  const open = tally.open(owner)
  let wanted = 0
  for (const { tasks } of items) wanted += tasks.length
  if (open + wanted > maxPending)
    return full(
      `${open} tasks of ${receiver} are pending, maxPending is ${maxPending}`,
      open,
      maxPending,
    )
  const share = Math.max(1, Math.floor(maxPending * maxPendingShare))
  // The receiver's count is an upper bound for each tenant's.
  if (open + wanted <= share) return undefined
  const tenants = new Map<string, number>()
  for (const { tasks } of items)
    for (const { fairKey } of tasks)
      if (fairKey !== undefined) tenants.set(fairKey, (tenants.get(fairKey) ?? 0) + 1)
  for (const [tenant, more] of tenants)
    if (tally.openOf(owner, tenant) + more > share)
      return full(
        `one tenant of ${receiver} holds ${tally.openOf(owner, tenant)} pending tasks, maxPendingShare allows ${share}`,
        tally.openOf(owner, tenant),
        share,
      )
  return undefined

  function full(message: string, held: number, room: number): WebhookError {
    pace.refused(open)
    const retryAfter = pace.secondsFor(held, room)
    return new WebhookError('inbox_full', `sqliteInbox: ${message}`, { retryAfter })
  }
}
