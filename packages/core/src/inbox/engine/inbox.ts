import type { Consumer, Inbox } from '../inbox.ts'
import type { AnyCommit } from '../../subscribe/task.ts'
import { createAccess } from './access.ts'
import { attachment } from './attach/attachment.ts'
import { knownFor } from './attach/checks.ts'
import { settledBy } from '../../basics/deadline.ts'
import type { Ahead } from './run/slot.ts'
import type { Transactions } from './accept/transactions.ts'
import { createActions } from './operate/actions.ts'
import { createUnread } from './journal/unread.ts'
import { actionRowsOf } from './journal/actions.ts'
import { attemptsIn, createJournal } from './journal/journal.ts'
import { createRecords } from './journal/records.ts'
import { createManyWriters } from './write/many-writers.ts'
import { createOneWriter } from './write/one-writer.ts'
import { createNumbers } from './accept/numbers.ts'
import { followed } from './run/order.ts'
import { createPrune } from './operate/prune.ts'
import { createView } from './operate/view.ts'
import type { EngineSettings } from './settings.ts'
import { createSide, type EngineSide } from './side.ts'
import { createVersionWatch } from './version/version-watch.ts'
import type { Back, Store } from './store.ts'

/** The argument of {@link engineInbox}. */
export interface EngineInboxOptions {
  /** Makes the store. `warn` tells all receivers. */
  readonly store: (warn: (message: string) => void, back: Back) => Store
  /** What `engineSettings` read. */
  readonly settings: EngineSettings
  /** Those of the application, as `transactions(name)` makes them. */
  readonly transactions: Transactions<unknown>
  /** How far ahead quick handlers get tasks. */
  readonly ahead: Ahead
  /** What it cannot do. @default all of it */
  readonly can?: Partial<Inbox['can']>
  /** False if ids are known for as long as each sender needs, however long that is. @default true */
  readonly windowed?: boolean
  /** Milliseconds for which `waitUntil` of a host is held for what runs. @default not at all */
  readonly hold?: number
}

// What closing may take beyond its deadline, in milliseconds.
const LAST = 500
// A process number and its claims make a token below 2^53.
const CLAIMS = 2 ** 32

/**
 * An inbox on a store: all of accepting, running, leases, operators and journal but what must be atomic.
 *
 * @example
 * const inbox = engineInbox({ store: (warn) => createStore(settings, warn), settings, transactions: transactions('myInbox'), ahead: { time: 20, most: 256 } })
 */
export function engineInbox<Commit extends AnyCommit = AnyCommit>({
  store: make,
  settings,
  transactions,
  ahead,
  can,
  windowed = true,
  hold,
}: EngineInboxOptions): Inbox<Commit> {
  const warn = (message: string): void => {
    for (const consumer of attached.consumers()) consumer.warn(message)
  }
  const store = make(warn, (message) => {
    numbers.forget()
    for (const side of sides.values()) side.back(message)
  })
  const { name } = store
  const unread = createUnread(name, warn)
  const known = knownFor(settings)
  const sides = new Map<string, EngineSide>()
  const flying = new Set<number>()
  const writer = store.together ? createOneWriter(store, store.together) : createManyWriters(store)
  const numbers = createNumbers(store)
  let process = 0
  // Begins anywhere: a store that went back may give a process the number of another.
  let claims = Math.floor(Math.random() * CLAIMS)
  let unlisten: (() => void) | undefined
  let opening: Promise<number> | undefined
  const versionWatch = createVersionWatch(
    store.alive && (() => store.alive!()),
    (refused) => {
      for (const side of sides.values()) side.shut(refused)
    },
    store.sleeps !== true,
  )
  const follow = store.together
    ? undefined
    : followed(store, settings.deadline, () => attached.look())
  // Each part opens it with the first that needs it, and asks whether it is shut out.
  const { opened: _, ...parts } = store
  const shared = {
    ...parts,
    ...follow,
    async open() {
      if (!store.opened) await (opening ??= openStore().finally(() => (opening = undefined)))
      versionWatch.start()
      await versionWatch.check()
      return process
    },
  } as Store
  // Not as a getter in the literal: V8 would keep all of it as a dictionary.
  Object.defineProperty(shared, 'opened', { get: () => store.opened && versionWatch.sure() })
  const access = createAccess(shared, writer, {
    ready: () => shared.open(),
    deadline: settings.deadline,
  })
  const actions = createActions(actionRowsOf(shared.records, access))
  const view = createView(shared, {
    access,
    actions,
    deadline: settings.deadline,
    consumers: () => attached.consumers(),
    look: () => attached.look(),
    async pause() {
      const resumes = await Promise.all([...sides.values()].map((side) => side.pause()))
      return () => resumes.forEach((resume) => resume())
    },
    opened: (receiver, tasks) => sides.get(receiver)?.capacity.free(-tasks),
  })
  const prune = createPrune(shared, settings, (error) => {
    for (const consumer of attached.consumers()) consumer.failed?.(error)
  })
  const attached = attachment({
    inbox: name,
    ...(windowed && { window: known }),
    join(consumer: Consumer) {
      const side = createSide(
        {
          store: shared,
          writer,
          settings,
          ahead,
          hold,
          commits: can?.transaction !== false,
          numbers,
          versionWatch,
          token: () => process * CLAIMS + (claims = (claims + 1) % (CLAIMS - 1)),
          flying,
          isOwn: (token) => Math.floor(token / CLAIMS) === process,
          transactionOf: (host) => transactions.of(host),
          view,
          onWork() {
            unlisten ??= store.listen?.(() => attached.look())
            if (!store.alone) prune.start()
          },
          tidy: (until) => prune.once(until),
        },
        consumer,
      )
      sides.set(consumer.receiver, side)
      if (versionWatch.refused() !== undefined) side.shut(versionWatch.refused())
      return side
    },
    async close() {
      unlisten?.()
      follow?.stop()
      versionWatch.stop()
      await prune.stop()
      const until = performance.now() + LAST
      await settledBy(writer.flushed(), until)
      writer.close()
      await store.close(until)
    },
  })
  return {
    name,
    window: known.time,
    maxPending: settings.maxPending,
    ...(!store.alone && { lease: settings.lease }),
    can: { order: true, transaction: true, durable: true, fair: true, search: 'index', ...can },
    attach: (consumer) => attached.attach(consumer),
    view,
    records: createRecords(shared.records, access, unread),
    journal: createJournal({
      store: shared,
      attempts: (task) => attemptsIn(shared, task),
      access,
      actions,
      unread,
    }),
    close: () => attached.close(),
  }

  /** Processes that start at the same moment wait for each other. */
  async function openStore(): Promise<number> {
    const until = performance.now() + settings.deadline
    for (;;) {
      try {
        return (process = await store.open())
      } catch (error) {
        if (store.fault(error) !== 'again' || performance.now() >= until) throw error
        await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
      }
    }
  }
}
