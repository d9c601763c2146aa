import type { Attempt, Journal } from '../../journal.ts'
import type { Actions } from '../operate/actions.ts'
import type { UnreadTeller } from './unread.ts'
import type { Access } from '../access.ts'
import type { AttemptRow, Viewed } from '../operate/store.ts'
import { errorOf, numberOf } from '../operate/info.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import { chain } from '../steps.ts'
import type { Journaled } from './store.ts'
import { createArrivals } from './arrivals.ts'
import { createHistory } from './history.ts'

// Of a task the first attempt and the last ones are told.
const LAST = 19

/**
 * The journal above a store. It is bounded: two rings of deliveries by count, bytes and age, history by minute for two
 * days and by hour for thirty; attempts go with their task. A batch waits behind deliveries, and is lost if it cannot be
 * stored.
 */
export function createJournal({
  store,
  attempts,
  access,
  actions,
  unread,
}: {
  readonly store: Journaled
  /** Those of a task that are kept, oldest first. */
  readonly attempts: (task: string) => MaybePromise<readonly Attempt[]>
  readonly access: Access
  readonly actions: Actions
  readonly unread: UnreadTeller
}): Journal {
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
    attempts: (task) => access.read(() => attempts(task)),
    actions: (query = {}) => actions.read(query),
    history: (range) => history.read(range),
  }
}

/** The attempts of a task that a store has rows of. */
export function attemptsIn(
  store: Pick<Viewed, 'attempts'>,
  task: string,
): MaybePromise<readonly Attempt[]> {
  return chain(store.attempts(numberOf(task)), (rows) => {
    const kept = rows.length > LAST + 1 ? [rows[0]!, ...rows.slice(-LAST)] : rows
    return kept.map(attemptOf)
  })
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
