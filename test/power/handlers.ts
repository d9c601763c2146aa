import type { DatabaseSync } from 'node:sqlite'
import { fixed, type Receiver } from '@postern/core'

export const SECRET = 'a secret of the power runs'

export const SUBSCRIPTIONS = ['plain', 'exact'] as const

/**
 * Adds two handlers: one that sometimes fails, and one that stores its effect in the same transaction as its task.
 * Returns a function that waits until `events` events have their effect, or until no more follow for a while.
 */
export function openHandlers(receiver: Receiver): (events: number) => Promise<void> {
  const done = new Set<string>()
  receiver.on(
    'thing.**',
    { name: 'plain', retry: fixed({ attempts: 1000, delay: 5 }) },
    (event, task) => {
      if (task.attempt === 1 && Number(event.id!.slice(1)) % 5 === 0)
        throw new Error('this time it did not work')
    },
  )
  receiver.on(
    'thing.**',
    { name: 'exact', retry: fixed({ attempts: 1000, delay: 5 }) },
    (event, task) => {
      task.commit((transaction: DatabaseSync) => {
        transaction.exec('CREATE TABLE IF NOT EXISTS effects (id TEXT)')
        return transaction.prepare('INSERT INTO effects (id) VALUES (?)').run(event.id!)
      })
      done.add(event.id!)
    },
  )
  return async (events) => {
    for (let quiet = 0; done.size < events && quiet < 40; quiet++) {
      const before = done.size
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (done.size > before) quiet = 0
    }
  }
}
