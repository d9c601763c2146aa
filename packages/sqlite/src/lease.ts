import type { Consumer } from '@postern/core/inbox'
import { hasWalResetBug } from './connection.ts'
import { namesOf, roomOf, type Lanes } from './lanes.ts'
import { createReclaim } from './reclaim.ts'
import type { Store } from './store.ts'

/** Watches the file for a worker: what others stored, what a dead process left, and the leases of this one. */
export interface Poll {
  start(): void
  stop(): void
}

/** Makes the watch. Looking only reads; it writes where there is something to do. */
export function createPoll(store: Store, consumer: Consumer, lanes: Lanes, look: () => void): Poll {
  const { connections, running, settings, tally, writer } = store
  const db = connections.main
  const reclaim = createReclaim(store, consumer, lanes)
  const dataVersion = db.prepare('PRAGMA data_version')
  const ready = db.prepare(
    `SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn = 0 AND due <= ?
     UNION ALL SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn > 0
     UNION ALL SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 3 AND due <= ?
     UNION ALL SELECT 1 FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 2 AND due <= ? LIMIT 1`,
  )
  const renew = db.prepare(
    'UPDATE postern_tasks SET due = ? WHERE id = ? AND state = 1 AND token = ?',
  )
  let looking: ReturnType<typeof setInterval> | undefined
  let renewing: ReturnType<typeof setInterval> | undefined
  let version: unknown
  let commits = store.commits
  let warned = !hasWalResetBug(connections.version)

  return {
    start() {
      looking ??= setInterval(watch, settings.pollInterval)
      renewing ??= setInterval(renewLeases, settings.lease / 3)
    },
    stop() {
      clearInterval(looking)
      clearInterval(renewing)
      looking = renewing = undefined
    },
  }

  function watch(): void {
    try {
      learn()
      if (reclaim.needed()) writer.add(reclaim.work(look))
      else if (hasReady()) look()
    } catch {
      // The file was locked or cannot be read now; writes report what lasts, and the next look follows soon.
    }
  }

  /** Learns the lanes of other processes, where one has written. */
  function learn(): void {
    const now = (dataVersion.get() as { data_version: number }).data_version
    if (now === version) return
    const own = version === undefined || commits !== store.commits
    version = now
    commits = store.commits
    tally.load(consumer.receiver)
    if (own || warned) return
    warned = true
    consumer.warn(
      `sqliteInbox: another connection writes ${settings.path}, and SQLite ${connections.version} of this Node can damage a file with several writers (https://www.sqlite.org/wal.html, "WAL-reset bug"): use Node 22.23 or 24.15 and newer, or one process`,
    )
  }

  function hasReady(): boolean {
    const now = Math.floor(consumer.now())
    return lanes.all().some((slot) => {
      if (roomOf(slot) <= 0) return false
      return namesOf(slot.lane).some((name) => {
        const lane = tally.find(consumer.receiver, name)
        return lane !== undefined && ready.get(lane, now, lane, lane, now, lane, now) !== undefined
      })
    })
  }

  function renewLeases(): void {
    const now = Date.now()
    const due = [...running.values()].filter((one) => now - one.leased >= settings.lease / 4)
    if (due.length === 0) return
    writer.add({
      bytes: 0,
      run: () => {
        for (const one of due) renew.run(now + settings.lease, one.id, one.token)
      },
      done: () => {
        for (const one of due) one.leased = now
      },
      failed: () => {},
    })
  }
}
