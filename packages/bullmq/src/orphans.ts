import { orphansOf, type Consumer, type InboxView } from '@postern/core/inbox'

/** Tells of subscriptions with waiting tasks that a receiver does not have: at the start of work, and when some arise. */
export interface OrphanWatch {
  /** Looks, at most once a minute. */
  look(): Promise<void>
}

// Milliseconds between two looks.
const EVERY = 60_000

/** Makes an {@link OrphanWatch}. Each orphan is told once, and again if it comes back after it was gone. */
export function watchOrphans(
  { orphans }: Pick<InboxView, 'orphans'>,
  consumer: Consumer,
): OrphanWatch {
  const told = new Set<string>()
  let last = -Infinity
  return {
    async look() {
      const now = performance.now()
      if (now - last < EVERY) return
      last = now
      const own = (await orphans()).filter(({ receiver }) => receiver === consumer.receiver)
      const found = orphansOf(own, [consumer])
      for (const { receiver, subscription, pending } of found) {
        if (told.has(subscription)) continue
        told.add(subscription)
        consumer.warn(
          `bullmqInbox: ${pending} tasks of the subscription ${subscription} wait, and receiver ${receiver} has none of that name here; give the one that is to take them formerly: ['${subscription}'], or discard them`,
        )
      }
      for (const name of told)
        if (!found.some(({ subscription }) => subscription === name)) told.delete(name)
    },
  }
}
