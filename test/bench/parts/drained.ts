import { createReceiver, type ReceiverOptions } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { SECRET } from '../deliveries.ts'
import { createSender } from './source.ts'

/** How fast an inbox ran what waited in it. */
export interface Drained {
  readonly rate: number
  /** CPU microseconds of this process for each task. */
  readonly micros: number
}

/** Stores that many tasks, and runs them with a handler that returns at once. */
export async function drained(
  inbox: Inbox,
  tasks: number,
  options: Pick<ReceiverOptions, 'tenantKey'> = {},
): Promise<Drained> {
  const all = Promise.withResolvers<void>()
  let left = tasks
  const receiver = createReceiver({
    provider: github({ secret: SECRET }),
    inbox,
    log: false,
    ...options,
    // Not false, which an inbox in memory rejects: all wait for `startWorker()` below.
    worker: 'onDemand',
    observers: [{ done: () => void (--left === 0 && all.resolve()) }],
  })
  receiver.on('issues', () => {})
  await createSender({ receiver, sender: 'github', bytes: 1024 }).run(tasks)
  const cpu = process.cpuUsage()
  const started = performance.now()
  await receiver.startWorker()
  await all.promise
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await receiver.close()
  await inbox.close()
  return { rate: tasks / seconds, micros: (user + system) / tasks }
}
