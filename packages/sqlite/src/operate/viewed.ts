import type { FullRow, Store, Viewed } from '@postern/core/inbox'
import type { Driver } from '../driver/driver.ts'
import { createAttemptsOf } from '../store/attempts.ts'
import type { Keys } from '../keys/keys.ts'
import type { Connection } from '../store/rows.ts'
import type { Writer } from '../store/writer.ts'
import { createErase } from './erase.ts'
import { CONTENTS, FROM, INFO } from './filter.ts'
import { createPrune } from './prune.ts'
import { createScan } from './scan.ts'
import { createStats } from './stats.ts'

/** The file as its view sees it. */
interface ViewedHost {
  readonly driver: Driver
  readonly keys: Keys
  readonly connection: Connection
  readonly writer: Writer
  readonly now: () => number
  /** Reads; throws if the file is lost. */
  readonly reading: <T>(query: () => T) => T
}

/** Makes what operators read and change. Reads are short and do not block writes. */
export function createViewed(host: ViewedHost): Viewed & Required<Pick<Store, 'drop'>> {
  const { driver, keys, connection, writer, now, reading } = host
  const { claims } = connection
  const { main, side } = driver
  const scan = createScan(side, keys)
  const detail = side.prepare(`SELECT ${INFO}, t.data, ${CONTENTS} FROM ${FROM} WHERE t.id = ?`)
  const { stats, causes } = createStats(side)
  const attemptsOf = createAttemptsOf(side)
  const erase = createErase(main)
  const prune = createPrune(main, { ...connection, keys })

  return {
    scan: (want) => reading(() => (spread(), scan(want))),
    placeOf: ({ event, id }) => [event, id],
    detail: (id) => reading(() => (spread(), detail.get(id) as FullRow | undefined)),
    stats: () => reading(() => stats(now())),
    causes: (lanes) => reading(() => causes(lanes)),
    version: () => reading(() => side.version()),
    attempts: (task) => reading(() => attemptsOf(task)),
    erase: (events, passing, empty, noted) =>
      writer.write(() => {
        claims.spread()
        const count = erase(events, passing, empty)
        void connection.rows.note(noted(count))
        return count
      }),
    prune: (before, place) => writer.write(() => prune.step(before, place)),
    drop: (events) => writer.write(() => events.forEach((event) => prune.drop(event))),
  }

  /** While another process holds the lock, what it claimed last is not in the list. */
  function spread(): void {
    if (claims.any()) writer.attempt(() => claims.spread())
  }
}
