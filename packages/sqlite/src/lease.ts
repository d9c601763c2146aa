import { createLeases, type Consumer, type Leases } from '@postern/core/inbox'
import type { Lanes } from './lanes.ts'
import type { Reclaim } from './reclaim.ts'
import type { Ready } from './ready.ts'
import type { Store } from './store.ts'
import { written } from './written.ts'

/** The port as the watch sees it. */
export interface LeaseHost {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly ready: Ready
  readonly reclaim: Reclaim
  /** Looks for ready tasks. */
  readonly look: () => void
}

/**
 * Watches the file for a worker: tasks of other processes, tasks of dead processes, and the leases of this one. A look
 * only reads; it writes only if there is work.
 */
export function createFileWatch(store: Store, host: LeaseHost): Leases {
  const { driver, running, settings, tally } = store
  const { consumer, lanes, ready, reclaim, look } = host
  const db = driver.main
  const renew = db.prepare(
    'UPDATE postern_tasks SET due = ? WHERE id = ? AND state = 1 AND token = ?',
  )
  let version: unknown
  let commits = store.commits
  let warned = driver.alone === undefined

  return createLeases({
    lease: settings.lease,
    look: settings.pollInterval,
    held: () => running.values(),
    renew: (leases) =>
      written(store, () => {
        const until = Date.now() + settings.lease
        for (const { id, token } of leases) renew.run(until, id, token)
      }),
    async watch() {
      learn()
      if (reclaim.needed()) await reclaim.run()
      const now = Math.floor(consumer.now())
      if (lanes.numbers().some((lane) => ready.any(lane, now))) look()
    },
  })

  /** Learns the lanes of other processes if one has written. */
  function learn(): void {
    const now = db.version()
    if (now === version) return
    const own = version === undefined || commits !== store.commits
    version = now
    commits = store.commits
    tally.load(consumer.receiver)
    if (own || warned) return
    warned = true
    consumer.warn(`sqliteInbox: ${driver.alone}`)
  }
}
