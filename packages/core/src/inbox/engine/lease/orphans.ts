import type { Consumer } from '../../inbox.ts'
import type { InboxView, Orphan } from '../../view.ts'

/** Tells of subscriptions with pending tasks that a receiver does not have: at the start of work, and when some arise. */
export interface OrphanWatch {
  /** Looks, at most once a minute. */
  look(): Promise<void>
}

// Milliseconds between two looks.
const EVERY = 60_000

/**
 * Makes it. Each orphan is told once, and again if it comes back after it was gone.
 *
 * @example
 * const orphans = watchOrphans('myInbox', view, consumer)
 * await orphans.look()
 */
export function watchOrphans(
  inbox: string,
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
      const found = (await orphans()).filter(({ receiver }) => receiver === consumer.receiver)
      for (const { receiver, subscription, pending } of found) {
        if (told.has(subscription)) continue
        told.add(subscription)
        consumer.warn(
          `${inbox}: ${pending} tasks of the subscription ${subscription} wait, and receiver ${receiver} has none of that name here; give the one that is to take them formerly: ['${subscription}'], or discard them`,
        )
      }
      for (const name of told)
        if (!found.some(({ subscription }) => subscription === name)) told.delete(name)
    },
  }
}

/** Of the pending tasks by subscription, those that no consumer has under its name or a former one. */
export function orphansOf(
  rows: readonly Orphan[],
  consumers: readonly Consumer[],
): readonly Orphan[] {
  const known = new Set(
    consumers.flatMap((consumer) =>
      consumer
        .lanes()
        .flatMap(({ name, formerly }) =>
          [name, ...formerly].map((each) => key(consumer.receiver, each)),
        ),
    ),
  )
  return rows.filter(
    ({ receiver, subscription, pending }) => pending > 0 && !known.has(key(receiver, subscription)),
  )
}

function key(receiver: string, subscription: string): string {
  return JSON.stringify([receiver, subscription])
}
