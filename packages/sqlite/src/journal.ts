import type { Journal } from '@postern/core/inbox'
import { createArrivals } from './arrivals.ts'
import { createHistory } from './journal-history.ts'
import { createAttemptsOf } from './history.ts'
import { createReadHistory } from './journal-read.ts'
import { numberOf } from './filter.ts'
import { createDeliveries } from './deliveries.ts'
import { reading, type Store } from './store.ts'
import { written } from './written.ts'

/**
 * The journal in the file. It is bounded: two rings of deliveries by count, bytes and age, history by minute for two days
 * and by hour for thirty; attempts go with their task. A batch waits behind deliveries, and is lost if it cannot be
 * stored.
 */
export function createJournal(store: Store): Journal {
  const { main, side } = store.driver
  const arrivals = createArrivals(main)
  const history = createHistory(main)
  const deliveries = createDeliveries(side)
  const attemptsOf = createAttemptsOf(side)
  const read = createReadHistory(side)

  return {
    write: ({ arrived, minutes, gauges, lost }) =>
      written(store, () => {
        const now = Date.now()
        arrivals.add(arrived, lost)
        arrivals.trim(now)
        history.add(minutes, gauges)
        history.rollUp(now)
      }),
    refusals: (filter = {}) => deliveries.page(filter, ({ outcome }) => outcome !== 'accepted'),
    deliveries: (filter = {}) => deliveries.page(filter, () => true),
    delivery: (id) => reading(store, () => deliveries.one(id)),
    attempts: (task) => reading(store, () => attemptsOf(numberOf(task))),
    history: (range) => read(range),
  }
}
