import type { Consumer } from '../../inbox.ts'
import { orphansOf } from '../../kit/orphans.ts'
import type { InboxView } from '../../view.ts'

/** Tells of subscriptions with pending tasks that a receiver does not have: at the start of work, and when some arise. */
export interface OrphanWatch {
  look(): Promise<void>
}

// Milliseconds between two looks.
const EVERY = 60_000

/** Makes an {@link OrphanWatch}. */
export function watchOrphans(
  inbox: string,
  { stats }: Pick<InboxView, 'stats'>,
  consumer: Consumer,
): OrphanWatch {
  const told = new Set<string>()
  let last = -Infinity
  return {
    async look() {
      const now = performance.now()
      if (now - last < EVERY) return
      last = now
      const own = (await stats()).filter(({ receiver }) => receiver === consumer.receiver)
      const rows = own.map(({ counts, ...lane }) => ({ ...lane, pending: counts.pending }))
      const orphans = orphansOf(rows, [consumer])
      for (const { receiver, subscription, pending } of orphans) {
        if (told.has(subscription)) continue
        told.add(subscription)
        consumer.warn(
          `${inbox}: ${pending} tasks of the subscription ${subscription} wait, and receiver ${receiver} has none of that name here; give the one that is to take them formerly: ['${subscription}'], or discard them`,
        )
      }
      for (const name of told)
        if (!orphans.some(({ subscription }) => subscription === name)) told.delete(name)
    },
  }
}
