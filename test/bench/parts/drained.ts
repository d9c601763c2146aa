import type { ReceiverOptions } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { cpuOf } from '../../services/figures.ts'
import { benchReceiver, createSender } from './source.ts'

/** Speed at which an inbox ran its waiting tasks. */
export interface Drained {
  readonly rate: number
  /** CPU microseconds of this process per task. */
  readonly micros: number
}

/** Stores this number of tasks and runs them with a handler that returns at once. */
export async function drained(
  inbox: Inbox,
  tasks: number,
  options: Pick<ReceiverOptions, 'tenantKey'> = {},
): Promise<Drained> {
  const all = Promise.withResolvers<void>()
  let left = tasks
  const receiver = benchReceiver({
    inbox,
    ...options,
    // The inbox in memory rejects `false`. With 'onDemand', all tasks wait for `startWorker()` below.
    worker: 'onDemand',
    observers: [{ done: () => void (--left === 0 && all.resolve()) }],
  })
  receiver.on('issues', () => {})
  await createSender({ receiver }).run(tasks)
  const started = performance.now()
  const cpu = await cpuOf(async () => {
    await receiver.startWorker()
    await all.promise
  })
  const seconds = (performance.now() - started) / 1000
  await receiver.close()
  await inbox.close()
  return { rate: tasks / seconds, micros: cpu / tasks }
}
