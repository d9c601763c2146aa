import { errorText, WebhookError } from '../../errors.ts'
import type { Consumer, Inbox } from '../inbox.ts'
import type { AnyCommit } from '../../subscribe/task.ts'
import { chain, grouped, isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { createAccess, withoutWrites } from './access.ts'
import { attachment, createSide } from './attach/attachment.ts'
import { knownFor } from './attach/checks.ts'
import { settledBy } from '../../basics/deadline.ts'
import { createActions } from './operate/action-log.ts'
import { createUnread, createRecords } from './journal/records.ts'
import { attemptsIn, createJournal } from './journal/journal.ts'
import { createNumbers } from './accept/encode.ts'
import { followed } from './run/order.ts'
import { createView } from './operate/view.ts'
import type { EngineSettings, EngineInboxOptions } from './settings.ts'
import type { EngineSide, InboxParts } from './parts.ts'
import { createVersionWatch } from './version.ts'
import type { SingleRows, Store, StoreParts } from './store.ts'
import {
  type BatchWrite,
  createBatch,
  type BatchOptions,
  type BatchWriter,
  type WriteOptions,
  undone,
  type Undo,
} from './write/batch.ts'
import { createSweep, type Sweep, ago } from './operate/sweep.ts'
import type { Before, Place } from './operate/store.ts'

// Time by which closing may exceed its deadline, in milliseconds.
const LAST = 500
// A token is the number of a claim: `process * CLAIMS + claim`, below 2^53.
const CLAIMS = 2 ** 32

/**
 * Makes an inbox on a store. The engine accepts deliveries, runs tasks, renews leases, and serves operators and the
 * journal. The store makes each step atomic.
 *
 * @example
 * const inbox = engineInbox({ store: (warn) => createStore(settings, warn), settings, transactions: transactions('myInbox') })
 */
export function engineInbox<Commit extends AnyCommit = AnyCommit>({
  store: make,
  windowed = true,
  ...options
}: EngineInboxOptions): Inbox<Commit> {
  const { settings, can } = options
  const { deadline } = settings
  const warn = (message: string): void => {
    for (const consumer of attached.consumers()) consumer.warn(message)
  }
  const made = make(warn, (message) => {
    numbers.forget()
    for (const side of sides.values()) side.back(message)
  })
  const { name } = made
  const unread = createUnread(name, warn)
  const known = knownFor(settings)
  const sides = new Map<string, EngineSide>()
  let process = 0
  // The number of the first claim is random. If a restored store gives two processes the same number, their tokens
  // still differ.
  let claims = Math.floor(Math.random() * CLAIMS)
  let unlisten: (() => void) | undefined
  let opening: Promise<number> | undefined
  const versionWatch = createVersionWatch(
    made.alive && (() => made.alive!()),
    (rejected) => {
      for (const side of sides.values()) side.shut(rejected)
    },
    made.sleeps !== true,
  )
  const { stop: stopFollowing, ...followedStore } = followed(
    made,
    deadline,
    () => attached.look(),
    (folds) => {
      for (const side of sides.values()) side.folded(folds)
    },
  )
  // `opened` becomes a getter below.
  const { opened: _, ...rest } = made
  const store = {
    ...singleRows(made, deadline),
    ...rest,
    ...followedStore,
    async open() {
      if (!made.opened) await (opening ??= openStore().finally(() => (opening = undefined)))
      versionWatch.start()
      await versionWatch.check()
      return process
    },
  } as Store
  // Defined separately, since a getter in the literal would make V8 keep the store as a slow dictionary.
  Object.defineProperty(store, 'opened', { get: () => made.opened && versionWatch.sure() })
  const writer = store.together ? createOneWriter(store, store.together) : createManyWriters(store)
  const numbers = createNumbers(store)
  const opened = createAccess(store, writer, { ready: () => store.open(), deadline })
  const access = settings.readOnly === true ? withoutWrites(opened, name) : opened
  const actions = createActions(store.records, access)
  const view = createView(store, {
    access,
    actions,
    deadline,
    consumers: () => attached.consumers(),
    look: () => attached.look(),
    async pause() {
      const resumes = await Promise.all([...sides.values()].map((side) => side.pause()))
      return () => resumes.forEach((resume) => resume())
    },
    opened: (receiver, tasks) => sides.get(receiver)?.capacity.free(-tasks),
  })
  const prune = createPrune(store, settings, (error) => {
    for (const consumer of attached.consumers()) consumer.failed?.(error)
  })
  const parts: InboxParts = {
    ...options,
    store,
    writer,
    numbers,
    versionWatch,
    token: () => process * CLAIMS + (claims = (claims + 1) % (CLAIMS - 1)),
    flying: new Set(),
    isOwn: (token) => Math.floor(token / CLAIMS) === process,
    view,
    onWork() {
      unlisten ??= store.listen?.(() => attached.look())
      if (!store.alone) prune.start()
    },
    tidy: (until) => prune.once(until),
  }
  const attached = attachment({
    inbox: name,
    ...(windowed && { dedupeWindow: known }),
    readOnly: settings.readOnly,
    join(consumer: Consumer) {
      const side = createSide(parts, consumer)
      sides.set(consumer.receiver, side)
      if (versionWatch.rejected() !== undefined) side.shut(versionWatch.rejected())
      return side
    },
    async close() {
      unlisten?.()
      stopFollowing()
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
    dedupeWindow: known.time,
    maxPending: settings.maxPending,
    ...(!store.alone && { lease: settings.lease }),
    can: { order: true, transaction: true, durable: true, fair: true, search: 'index', ...can },
    attach: (consumer) => attached.attach(consumer),
    view,
    records: createRecords(store.records, access, unread),
    journal: createJournal({
      store,
      attempts: (task) => attemptsIn(store, task),
      access,
      actions,
      unread,
    }),
    close: () => attached.close(),
  }

  /** Opens the store. Processes that start at the same moment may conflict, so `open` is tried until the deadline. */
  async function openStore(): Promise<number> {
    const until = performance.now() + deadline
    for (;;) {
      try {
        return (process = await made.open())
      } catch (error) {
        if (store.fault(error) !== 'again' || performance.now() >= until) throw error
        await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
      }
    }
  }
}

function singleRows(store: Pick<StoreParts, 'atomic'>, time: number): SingleRows {
  return {
    insert: (batch) => store.atomic(time, (rows) => rows.insert(batch)),
    known: (events) => store.atomic(time, (rows) => rows.known(events)),
    finish: (ended) => store.atomic(time, (rows) => rows.finish(ended)),
    later: (lanes, most) => store.atomic(time, (rows) => rows.later(lanes, most)),
  }
}

/** Makes a writer that stores each batch in its own transaction. */
function createManyWriters(store: Store): BatchWriter {
  const errors = writeErrors(store)
  const all: { flushed(): Promise<void>; close(): void }[] = []
  return {
    batch<Write extends BatchWrite>(options: WriteOptions<Write>) {
      const made = createBatch<Write>({
        ...options,
        inbox: store.name,
        ...errors,
        store: (writes: readonly Write[], until) =>
          chain(
            undone((undo) => options.put(writes, until, undo)),
            (over) => over(),
          ),
      })
      all.push(made)
      return made
    },
    last(run, failed) {
      void (async () => undone(run))().then((over) => over(), failed)
    },
    flushed: async () => void (await Promise.all(all.map((one) => one.flushed()))),
    close() {
      for (const one of all) one.close()
    },
  }
}

function createPrune(
  store: Store,
  settings: EngineSettings,
  failed: (error: unknown) => void,
): Sweep {
  const { dedupeWindow: window, keepDone, keepDead } = settings
  let before: Before | undefined
  return createSweep<Place>(Math.min(window, keepDone, keepDead), step)

  async function step(place: Place | undefined): Promise<Place | undefined> {
    try {
      if (!store.opened) await store.open()
      if (place === undefined || before === undefined) before = await bounds()
      return await store.prune(before, place)
    } catch (error) {
      if (store.fault(error) !== 'again') failed(error)
      throw error
    }
  }

  /** Returns the times before which pruning drops rows. Jumps of the clock do not count toward a row's age. */
  async function bounds(): Promise<Before> {
    const now = await store.clock()
    const jumps = (await store.steps?.()) ?? []
    const known = knownFor(settings).time
    return {
      done: ago(now, keepDone, jumps, 'unseen'),
      dead: ago(now, keepDead, jumps, 'unseen'),
      known: ago(now, known, jumps, 'unseen'),
      guards: ago(now, known, jumps, 'unseenByGuards'),
    }
  }
}

/**
 * A write with its options, `of`. They are a member of the write, since a wrapper object would double the memory of
 * each write.
 */
interface Mixed extends BatchWrite {
  of?: WriteOptions<BatchWrite>
}

interface Last {
  readonly run: (undo: Undo) => MaybePromise<() => void>
  readonly failed: (error: unknown) => void
}

/** Makes a writer with which all kinds of writes share a transaction. */
function createOneWriter(store: Store, together: (run: () => void) => void): BatchWriter {
  const { name } = store
  let lasts: Last[] = []
  let inside = false
  // Options of a write that stores nothing. The write only starts a transaction for the functions of `last`.
  const nothing: WriteOptions<BatchWrite> = {
    rows: 1,
    bytes: 1,
    put: () => () => {},
    fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
  }
  const batch = createBatch<Mixed>({
    inbox: name,
    rows: 512,
    bytes: 8 * 1024 * 1024,
    ...(store.alone ? { soon: queueMicrotask } : { wide: true }),
    ...writeErrors(store),
    fault: (error, write) => write.of!.fault(error, write),
    store(writes, until) {
      const overs: (() => MaybePromise<void>)[] = []
      const taken: Last[] = []
      const undos: (() => void)[] = []
      const undo: Undo = (one) => void undos.push(one)
      inside = true
      try {
        together(() => {
          for (const [of, group] of grouped(writes, (one) => one.of!)) {
            overs.push(now(of.put(group, until, undo)))
          }
          // The writes above may have added functions to `lasts`.
          while (lasts.length > 0)
            for (const one of lasts.splice(0)) {
              taken.push(one)
              overs.push(now(one.run(undo)))
            }
        })
      } catch (error) {
        inside = false
        for (const one of undos) one()
        if (store.fault(error) === 'again') lasts.unshift(...taken)
        else {
          for (const one of taken) one.failed(error)
          if (lasts.length > 0) begin()
        }
        throw error
      }
      inside = false
      for (const over of overs) void over()
    },
  })
  return {
    batch: (options) => ({
      add(write: Mixed) {
        write.of = options as unknown as WriteOptions<BatchWrite>
        batch.add(write)
      },
      waiting: () => batch.waiting(),
      flushed: () => batch.flushed(),
    }),
    last(run, failed) {
      lasts.push({ run, failed })
      if (lasts.length === 1 && !inside) begin()
    },
    flushed: () => batch.flushed(),
    close() {
      batch.close()
      failLasts(store.rejection(new Error(`${name}: closed`)))
    },
  }

  function begin(): void {
    batch.add({ of: nothing, bytes: 0, failed: failLasts })
  }

  function failLasts(error: Error): void {
    for (const one of lasts.splice(0)) one.failed(error)
  }
}

function now<T>(value: MaybePromise<T>): T {
  if (isPromise(value))
    throw new TypeError('together: the store must answer at once inside its shared transaction')
  return value
}

function writeErrors(store: Store): Pick<BatchOptions<BatchWrite>, 'rejection' | 'late'> {
  return {
    rejection: (error) => store.rejection(error),
    late(reason?: unknown) {
      const why = reason === undefined ? '' : `: ${errorText(reason)}`
      const message = `${store.name}: no commit within the deadline${why}`
      return new WebhookError('inbox_unavailable', message, { cause: reason })
    },
  }
}
