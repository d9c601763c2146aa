import type { Consumer, Intake, Pace, Runner, Taken, TaskDraft } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import type { Lanes } from './lanes.ts'
import { encodeIntake } from './encode.ts'
import { fullError } from './capacity.ts'
import { createParts } from './parts.ts'
import type { Store } from './store.ts'
import type { Running } from './task.ts'

/** Takes a delivery in within the open transaction of a connection of the application. */
export type AcceptWithin = (connection: object, intake: Intake) => readonly Taken[]

/**
 * Makes a receiver's accept for the application's own connections. It caches nothing that it writes, since it cannot
 * know whether the application commits. The inbox's connections find the rows like those of another process.
 */
export function createAcceptWithin(
  store: Store,
  consumer: Consumer,
  lanes: Lanes,
  runner: Pick<Runner<Running>, 'look' | 'ready'>,
  pace: Pace,
): AcceptWithin {
  const reviving = { sharing: lanes.sharing, ready: runner.ready }
  const { main } = store.driver
  const { driver, settings, keys } = store
  const nextNumber = 'SELECT next FROM postern_numbers'
  const committed = main.prepare(nextNumber)
  const guests = new WeakMap<object, (intake: Intake) => Taken[]>()

  return (connection, intake) => {
    const take = takeOf(connection)
    try {
      const taken = take(intake)
      store.commits++
      // Tries until the transaction is over.
      runner.look()
      return taken
    } catch (error) {
      throw error instanceof TypeError ? error : driver.errors.unavailable(error)
    }
  }

  function takeOf(connection: object): (intake: Intake) => Taken[] {
    let take = guests.get(connection)
    if (!take) {
      if (!driver.guest)
        throw new TypeError(
          'inTransaction: the inbox has the only connection to its database: use task.commit',
        )
      const guest = driver.guest(connection)
      const within = createTake(guest.database)
      guests.set(connection, (take = (intake) => guest.within(() => within(intake))))
    }
    return take
  }

  function createTake(db: Database): (intake: Intake) => Taken[] {
    const parts = createParts(db)
    const { tally, newTasks, guards, revive } = parts
    const lock = db.prepare('UPDATE postern_numbers SET next = next')
    const next = db.prepare(nextNumber)
    const setNext = db.prepare('UPDATE postern_numbers SET next = ?')
    const findOwn = db.prepare(
      'SELECT id FROM postern_events WHERE id >= ? AND receiver = ? AND key = ?',
    )

    return (intake) => {
      try {
        // A write comes first: it locks the file, so that values read after it stay true.
        lock.run()
        const owner = tally.receiver(consumer.receiver)
        const full = fullError(tally, owner, consumer.receiver, intake, settings, pace)
        if (full) throw full
        const now = Math.floor(consumer.now())
        const said = guards.judge(intake, owner)
        const add = parts.newEvents.begin(encodeIntake(intake))
        let number = numberOf(next.get())
        const taken = intake.items.map(({ event, tasks: drafts }, at): Taken => {
          const verdict = said?.[at]
          if (verdict !== undefined) return verdict
          const known = event.dedupe ? find(owner, event.key) : undefined
          if (event.guards !== undefined) guards.take(event.guards, owner, known ?? number)
          if (known !== undefined) return revive.event(known, now, reviving)
          add(at, number, owner)
          for (const draft of drafts) addTask(number, draft, now)
          pace.added(drafts.length)
          number++
          return 'new'
        })
        setNext.run(number)
        for (const each of parts.kept) each.store()
        return taken
      } finally {
        for (const each of parts.kept) each.forget()
        keys.forget()
      }
    }

    /** Of the events that are committed and those of this transaction. */
    function find(owner: number, key: string): number | undefined {
      const known = keys.find(keys.hash(owner, key), owner, key)
      if (known !== undefined) return known
      const row = findOwn.get(numberOf(committed.get()), owner, key) as { id: number } | undefined
      return row?.id
    }

    function addTask(event: number, draft: TaskDraft, due: number): void {
      const lane = tally.lane(consumer.receiver, draft.subscription)
      const sharing = [...new Set([lane, ...lanes.sharing(draft.subscription, lane)])]
      newTasks.add({ event, lane, sharing, draft, due })
    }
  }
}

function numberOf(row: unknown): number {
  return (row as { next: number }).next
}
