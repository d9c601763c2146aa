import { WebhookError } from '../../errors.ts'
import type { Intake } from '../inbox.ts'
import type { MemoryState } from './state.ts'

/** Throws `inbox_full` if there is no room for all of a delivery. */
export function room(state: MemoryState, { delivery, items }: Intake): void {
  const { pending, bytes, settings } = state
  let wanted = 0
  for (const { tasks } of items) wanted += tasks.length
  if (pending + wanted > settings.maxPending)
    full(`${pending} tasks are pending, maxPending is ${settings.maxPending}`)
  if (bytes + delivery.body.byteLength > settings.maxWaitingBytes)
    full(`bodies of ${bytes} bytes are pending, maxWaitingBytes is ${settings.maxWaitingBytes}`)
  for (const { tasks } of items)
    for (const { fairKey } of tasks) if (fairKey !== undefined) share(state, fairKey, wanted)
}

/** One key has at most half of the room, so that a flood of it is refused and the others are not. */
function share({ tenants, settings }: MemoryState, key: string, wanted: number): void {
  const own = tenants.get(key) ?? 0
  const most = Math.ceil(settings.maxPending / 2)
  if (own + wanted > most)
    full(`${own} tasks of ${key} are pending, and one fair key has at most ${most} of maxPending`)
}

function full(reason: string): never {
  throw new WebhookError('inbox_full', `memoryInbox: ${reason}`)
}
