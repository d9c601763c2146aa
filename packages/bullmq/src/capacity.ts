import { WebhookError } from '@postern/core'
import type { PreparedItem } from './encode.ts'
import { parseRef } from './names.ts'

/** Adds the tasks of events to the numbers of pending tasks by queue, or says where they are too many and adds none. */
export function reserve(
  pending: Map<string, number>,
  items: readonly PreparedItem[],
  maxPending: number,
): WebhookError | undefined {
  const wanted = new Map<string, number>()
  for (const { refs } of items) {
    for (const ref of refs) {
      const { queue } = parseRef(ref)
      wanted.set(queue, (wanted.get(queue) ?? pending.get(queue) ?? 0) + 1)
    }
  }
  for (const [queue, count] of wanted) {
    if (count > maxPending)
      return new WebhookError(
        'inbox_full',
        `bullmqInbox: ${pending.get(queue)} tasks are pending in ${queue}, maxPending is ${maxPending}`,
      )
  }
  for (const [queue, count] of wanted) pending.set(queue, count)
  return undefined
}
