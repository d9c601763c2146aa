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
  if (pending + wanted > maxPending) full(state, 'maxPending', maxPending, pending, 'tasks')
  if (bytes + delivery.body.byteLength > maxWaitingBytes)
    full(state, 'maxWaitingBytes', maxWaitingBytes, bytes, 'bytes')
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
      if (own > most) full(state, 'maxPending', most, own - 1, 'tasks of one fairBy key')
    }
}

function full(
  { pending, pace, settings }: MemoryState,
  option: 'maxPending' | 'maxWaitingBytes',
  limit: number,
  got: number,
  expected: string,
): never {
  pace.refused(pending)
  // Room in bytes comes back with the tasks that hold them.
  const retryAfter =
    option === 'maxPending'
      ? pace.secondsFor(got, limit)
      : pace.secondsFor(pending, settings.maxPending)
  throw new WebhookError(
    'inbox_full',
    { problem: 'full', option, limit, got, expected },
    { retryAfter },
  )
}
