import type { Attempt, Journal } from '../../journal.ts'
import type { Actions } from '../operate/actions.ts'
import type { UnreadTeller } from './unread.ts'
import type { Access } from '../access.ts'
import type { AttemptRow } from '../operate/store.ts'
import { errorOf, numberOf } from '../operate/info.ts'
import type { Store } from '../store.ts'
import { createArrivals } from './arrivals.ts'
import { createHistory } from './history.ts'

// Of a task the first attempt and the last ones are told.
const LAST = 19

/**
 * The journal above a store. It is bounded: two rings of deliveries by count, bytes and age, history by minute for two
 * days and by hour for thirty; attempts go with their task. A batch waits behind deliveries, and is lost if it cannot be
 * stored.
 */
export function createJournal(
  store: Store,
  access: Access,
  actions: Actions,
  unread: UnreadTeller,
): Journal {
  const arrivals = createArrivals(store, access)
  const history = createHistory(store, access, unread)
  return {
    async write({ arrived, minutes, gauges, lost }) {
      await access.writeAll([...arrivals.adds(arrived, lost), ...history.adds(minutes, gauges)])
      await history.rollUp(Date.now())
    },
    refusals: (filter = {}) => arrivals.page(filter, ({ outcome }) => outcome !== 'accepted'),
    deliveries: (filter = {}) => arrivals.page(filter, () => true),
    delivery: (id) => access.read(() => arrivals.one(id)),
    async attempts(task) {
      const rows = await access.read(() => store.attempts(numberOf(task)))
      const kept = rows.length > LAST + 1 ? [rows[0]!, ...rows.slice(-LAST)] : rows
      return kept.map(attemptOf)
    },
    actions: (query = {}) => actions.read(query),
    history: (range) => history.read(range),
  }
}

function attemptOf({ attempt, ended, took, outcome, error, process }: AttemptRow): Attempt {
  const duration = took === null ? undefined : took / 1000
  return {
    attempt,
    startedAt: Math.floor(ended - (duration ?? 0)),
    duration,
    outcome,
    ...(error !== null && { error: errorOf(error) }),
    process,
  }
}
