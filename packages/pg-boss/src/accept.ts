import { WebhookError } from '@postern/core'
import { within, type Consumer, type Host, type Intake, type Taken } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { lateError, unavailable } from './errors.ts'
import { transactionOf } from './within.ts'
import type { Capacity } from './capacity.ts'
import { encodeIntake, subscriptionsOf, type EncodedIntake } from './encode.ts'
import type { Store, Writer } from './writer.ts'

/** The parts that accept uses. */
export interface AcceptHost {
  readonly engine: Engine
  readonly consumer: Consumer
  readonly capacity: Capacity
  readonly writer: Writer
  readonly store: Store
  /** Statement that tells workers of other processes. */
  readonly notify: string
  /** True if the lines of renamed subscriptions are known to be joined. */
  readonly merged: () => boolean
  readonly merge: () => Promise<void>
  /** Called when tasks of these subscriptions were stored; `revived` if others may run again. */
  readonly stored: (subscriptions: readonly string[], revived: boolean) => void
}

/** Makes a receiver's accept: it resolves when the delivery is committed. */
export function createAccept(
  host: AcceptHost,
): (intake: Intake, of: Host) => Promise<readonly Taken[]> {
  const { engine, consumer, capacity, writer, store, stored } = host
  const { receiver } = consumer
  const { deadline, maxWaitingBytes } = engine.settings

  return async (intake, of) => {
    const end = performance.now() + deadline
    const subscriptions = subscriptionsOf(intake)
    const known = (name: string): boolean => engine.queues.find(receiver, name) !== undefined
    if (!engine.started || !host.merged() || !subscriptions.every(known))
      await soon(prepareEngine(subscriptions), end)
    const prepared = encodeIntake(engine, receiver, intake)
    if (writer.waiting + prepared.bytes > maxWaitingBytes)
      throw new WebhookError(
        'inbox_full',
        `pgBossInbox: ${writer.waiting} bytes of deliveries wait for their commit, maxWaitingBytes is ${maxWaitingBytes}`,
      )
    const jobs = prepared.items.flatMap((item) => item.jobs)
    const reserving = capacity.reserve(jobs)
    const full = reserving instanceof Promise ? await soon(reserving, end) : reserving
    if (full) throw full
    try {
      const taken = await put(prepared, of, end)
      const old = prepared.items.filter((_, at) => taken[at] !== 'new')
      if (old.length > 0) capacity.unreserve(old.reduce((sum, item) => sum + item.jobs.length, 0))
      const revived = taken.includes('revived')
      if (revived || taken.includes('new')) stored(subscriptions, revived)
      return taken
    } catch (error) {
      capacity.unreserve(jobs.length)
      throw error
    }
  }

  function put(prepared: EncodedIntake, of: Host, end: number): Promise<readonly Taken[]> {
    const transaction = transactionOf(of)
    if (transaction)
      return store(transaction, [prepared]).then(
        async ([taken]) => {
          await transaction.executeSql(host.notify)
          return taken!
        },
        (error: unknown) => {
          throw unavailable(error)
        },
      )
    return new Promise((done, failed) =>
      writer.add({
        intake: prepared,
        bytes: prepared.bytes,
        rows: prepared.items.length,
        deadline: end,
        done,
        failed,
      }),
    )
  }

  async function prepareEngine(subscriptions: readonly string[]): Promise<void> {
    await engine.ready()
    if (!host.merged()) await host.merge()
    await engine.queues.ensure(receiver, subscriptions)
  }

  async function soon<T>(promise: Promise<T>, end: number): Promise<T> {
    try {
      return await within(promise, Date.now() + end - performance.now(), () =>
        lateError('answer', deadline),
      )
    } catch (error) {
      throw unavailable(error)
    }
  }
}
