import { WebhookError } from '../../../errors.ts'
import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'
import type { Consumer, Host, Intake, Taken } from '../../inbox.ts'
import type { BatchWork } from '../../batch/backlog.ts'
import { within as timed } from '../../../basics/deadline.ts'
import type { Runner } from '../run/runner-types.ts'
import type { Side } from '../../attach/attachment.ts'
import type { Line } from '../line.ts'
import type { Numbers } from '../numbers.ts'
import type { NewEvent } from '../row.ts'
import type { EngineSettings } from '../settings.ts'
import type { Lanes } from '../run/lanes.ts'
import type { Standing } from '../standing.ts'
import type { Task } from '../run/task.ts'
import { chain, steps, wait as waitFor, type Steps } from '../steps.ts'
import type { GuestRows, Store } from '../store.ts'
import type { Capacity } from './capacity.ts'
import { encodeIntake, type EncodedIntake } from './encode.ts'
import { flatten, idOf, type Flat } from './flat.ts'
import { revive } from './revive.ts'
import { takenOf, write } from './write.ts'

/** The receiver's side as accepting sees it. */
export interface AcceptHost {
  readonly store: Store
  readonly line: Line
  readonly settings: EngineSettings
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  readonly numbers: Numbers
  readonly token: () => number
  readonly runner: () => Runner<Task>
  /** The application's transaction of a delivery, if it has one of this inbox. */
  readonly transactionOf: (host: Host) => unknown
  readonly standing: Standing
  /** Any task may be ready. */
  readonly look: () => void
}

// Milliseconds until what the first delivery needs is tried again, if another writer held it up.
const BUSY = 8

interface Work extends BatchWork {
  readonly encoded: EncodedIntake
  done(taken: readonly Taken[]): void
}

/** Takes deliveries in. What can run here at once is stored as claimed. */
export function createAccept(host: AcceptHost): Side['accept'] {
  const { store, settings, consumer, lanes, capacity, numbers, standing } = host
  const { receiver } = consumer
  const batch = host.line.batch<Work>({
    rows: 128,
    bytes: 8 * 1024 * 1024,
    // Two at once, so that one batch is encoded while another is on its way.
    atOnce: 2,
    share: 24,
    put,
    fault(error) {
      const fault = store.fault(error)
      return fault === 'again' ? 'again' : fault === 'data' ? 'one' : 'all'
    },
  })

  return (intake, of) => {
    const transaction = host.transactionOf(of)
    // It may hold the only lock: nothing is made beside it.
    if (transaction !== undefined) return guest(transaction, intake)
    return take(intake, performance.now() + settings.deadline)
  }

  function take(intake: Intake, deadline: number): MaybePromise<readonly Taken[]> {
    const known =
      store.opened &&
      numbers.ready(intake.items.length) &&
      intake.items.every(({ tasks }) =>
        tasks.every(({ subscription }) => lanes.find(subscription) !== undefined),
      )
    // Asked again, since others that waited too may have taken the numbers.
    return known
      ? enter(intake, deadline)
      : prepare(intake, deadline).then(() => take(intake, deadline))
  }

  function enter(intake: Intake, deadline: number): MaybePromise<readonly Taken[]> {
    const encoded = encodeIntake(receiver, intake, () => numbers.next())
    if (batch.waiting + encoded.bytes > settings.maxWaitingBytes)
      throw new WebhookError(
        'inbox_full',
        `${store.name}: ${batch.waiting} bytes of deliveries wait for their commit, maxWaitingBytes is ${settings.maxWaitingBytes}`,
      )
    return chain(room(encoded), () => wait(encoded, deadline))
  }

  function room(encoded: EncodedIntake): MaybePromise<void> {
    let full = undefined as MaybePromise<WebhookError | undefined>
    try {
      full = capacity.reserve(encoded)
    } catch (error) {
      throw store.refusal(error)
    }
    const refuse = (error: WebhookError | undefined): void => {
      if (error) throw error
    }
    return isPromise(full)
      ? full.then(refuse, (error: unknown) => {
          throw store.refusal(error)
        })
      : refuse(full)
  }

  function wait(encoded: EncodedIntake, deadline: number): Promise<readonly Taken[]> {
    return new Promise((resolve, reject) =>
      batch.add({
        encoded,
        bytes: encoded.bytes,
        rows: encoded.items.length,
        deadline,
        done(taken) {
          free(encoded, taken)
          resolve(taken)
        },
        failed(error) {
          capacity.free(encoded.tasks)
          reject(error)
        },
      }),
    )
  }

  /** What was not stored takes no room. */
  function free({ items }: EncodedIntake, taken: readonly Taken[]): void {
    for (let at = 0; at < taken.length; at++)
      if (taken[at] !== 'new') capacity.free(items[at]!.drafts.length)
  }

  /** The first delivery makes what all need. */
  async function prepare({ items }: Intake, deadline: number): Promise<void> {
    const names = items.flatMap(({ tasks }) => tasks.map(({ subscription }) => subscription))
    const late = (): Error =>
      new WebhookError(
        'inbox_unavailable',
        `${store.name}: no answer within its deadline of ${settings.deadline} ms`,
      )
    const made = async (): Promise<void> => {
      if (!store.opened) await store.open()
      await numbers.fill()
      await lanes.ensure(names)
    }
    // It waits for other writers, as what is in the line does.
    const patient = async (): Promise<void> => {
      try {
        await made()
      } catch (error) {
        if (store.fault(error) !== 'again' || performance.now() >= deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, BUSY))
        await patient()
      }
    }
    try {
      await timed(patient(), deadline, late)
    } catch (error) {
      throw store.refusal(error)
    }
  }

  /** In the application's transaction: it is not known here when that commits, so nothing is claimed. */
  function guest(transaction: unknown, intake: Intake): MaybePromise<readonly Taken[]> {
    refuseIfShut()
    const rows = store.guest(transaction)
    const ready = !store.block || (store.opened && numbers.ready(intake.items.length))
    return chain(ready ? undefined : opened(), () => {
      const encoded = encodeIntake(receiver, intake, () => numbers.next())
      return chain(room(encoded), () => within(rows, encoded))
    })
  }

  function refuseIfShut(): void {
    if (standing.refused !== undefined)
      throw new WebhookError('inbox_unavailable', standing.refused)
  }

  async function opened(): Promise<void> {
    if (!store.opened) await store.open()
    await numbers.fill()
  }

  function within(rows: GuestRows, encoded: EncodedIntake): MaybePromise<readonly Taken[]> {
    const drafts = encoded.items.flatMap((item) => item.drafts)
    const failed = (error: unknown): never => {
      capacity.free(encoded.tasks)
      throw store.refusal(error)
    }
    try {
      const written = steps(function* (): Steps<readonly Taken[]> {
        rows.begin?.()
        const found = yield* waitFor(
          lanes.within(
            rows,
            drafts.map((one) => one.subscription),
          ),
        )
        const flat = flatten([encoded], { receiver, lanes: found })
        return (yield* write(rows, flat, capacity)).get(encoded)!
      })
      const told = chain(written, (taken) => {
        free(encoded, taken)
        // Tries until the transaction is over.
        host.look()
        return taken
      })
      return isPromise(told) ? told.catch(failed) : told
    } catch (error) {
      return failed(error)
    }
  }

  /** Stores a batch; nothing of it is stored if it fails. */
  function put(works: readonly Work[], until: number): MaybePromise<() => void> {
    refuseIfShut()
    const flat = flatten(
      works.map(({ encoded }) => encoded),
      { receiver, lanes, take: host.runner().take, token: host.token() },
    )
    let written: MaybePromise<ReadonlyMap<EncodedIntake, readonly Taken[]>>
    try {
      written = flat.intakes.every(({ plain }) => plain)
        ? chain(store.insert(flat), (fresh) => again(flat, fresh))
        : store.atomic(Math.min(until - performance.now(), settings.deadline), (rows) =>
            steps(() => write(rows, flat, capacity)),
          )
    } catch (error) {
      cancel(flat.claimed)
      throw error
    }
    const over = (taken: ReadonlyMap<EncodedIntake, readonly Taken[]>) => () => {
      const whole = flat.fresh.size === flat.events.length
      const started = whole
        ? flat.claimed
        : flat.claimed.filter(({ row }) => flat.fresh.has(row.event!))
      if (!whole) cancel(flat.claimed.filter(({ row }) => !flat.fresh.has(row.event!)))
      for (const work of works) work.done(taken.get(work.encoded)!)
      host.runner().start(started.map(toTask))
      if (flat.revived) host.look()
      else for (const name of flat.ready) host.runner().ready(name)
    }
    return isPromise(written)
      ? written.then(over, (error: unknown) => {
          cancel(flat.claimed)
          throw error
        })
      : over(written)
  }

  /** One statement stores what is new. Only if something was known a second one looks for failed tasks. */
  function again(
    flat: Flat,
    fresh: ReadonlySet<NewEvent>,
  ): MaybePromise<ReadonlyMap<EncodedIntake, readonly Taken[]>> {
    flat.fresh = fresh
    if (fresh.size === flat.events.length) return takenOf(flat, NONE)
    const known = flat.events.filter((event) => !fresh.has(event))
    return chain(revive(store, settings.deadline, known), (revived) => takenOf(flat, revived))
  }

  function cancel(claimed: Flat['claimed']): void {
    for (const { task } of claimed) host.runner().reserve(task.slot, -1)
  }
}

/** Its number is known now. */
function toTask({ row, task }: Flat['claimed'][number]): Task {
  task.id = idOf(row)
  return task
}

const NONE: ReadonlySet<NewEvent> = new Set()
