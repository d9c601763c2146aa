import { WebhookError } from '../../../errors.ts'
import type { Intake } from '../../inbox.ts'
import type { MemoryState } from '../state.ts'

/** Throws `inbox_full` if there is no room for all of a delivery. */
export function room(state: MemoryState, { delivery, items }: Intake): void {
  const { pending, bytes, settings } = state
  const { maxPending, maxWaitingBytes } = settings
  let wanted = 0
  let fair = false
  for (const { tasks } of items) {
    wanted += tasks.length
    for (const { fairKey } of tasks) if (fairKey !== undefined) fair = true
  }
  if (pending + wanted > maxPending)
    full(state, `${pending} tasks are pending, maxPending is ${maxPending}`)
  if (bytes + delivery.body.byteLength > maxWaitingBytes)
    full(state, `bodies of ${bytes} bytes are pending, maxWaitingBytes is ${maxWaitingBytes}`)
  if (fair) shares(state, items)
}

/** One tenant has at most half of the room, so that a flood of it is refused and the others are not. */
function shares(state: MemoryState, items: Intake['items']): void {
  const { maxPending } = state.settings
  const most = Math.ceil(maxPending / 2)
  const held = new Map<string, number>()
  for (const { tasks } of items)
    for (const { fairKey } of tasks) {
      if (fairKey === undefined) continue
      const own = (held.get(fairKey) ?? state.tenants.get(fairKey) ?? 0) + 1
      held.set(fairKey, own)
      if (own > most)
        full(
          state,
          `one tenant holds ${state.tenants.get(fairKey) ?? 0} pending tasks; one may hold half of maxPending, which is ${maxPending}`,
          own - 1,
          most,
        )
    }
}

function full(
  { pending, pace, settings }: MemoryState,
  reason: string,
  held = pending,
  most = settings.maxPending,
): never {
  pace.refused(pending)
  const retryAfter = pace.secondsFor(held, most)
  throw new WebhookError('inbox_full', `memoryInbox: ${reason}`, { retryAfter })
}
