import { createReceiver, memoryInbox } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { SECRET } from '../deliveries.ts'
import { durableInboxes } from '../inboxes.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { availableServices } from '../services.ts'
import { median } from '../statistics.ts'
import { createSource } from './source.ts'

interface Drained {
  readonly rate: number
  /** CPU microseconds of this process for each task. */
  readonly micros: number
}

/** How fast each inbox runs what waits in it. */
export async function drain({ quick }: Effort): Promise<PartResult> {
  const services = await availableServices()
  try {
    const inboxes = new Map<string, () => Promise<Inbox>>([
      ['memory', async () => memoryInbox({ maxPending: 100_000, maxWaitingBytes: 2 ** 30 })],
      ...durableInboxes(services.env),
    ])
    const tasks = quick ? 2000 : 10_000
    const found = new Map<string, Drained[]>([...inboxes.keys()].map((name) => [name, []]))
    for (let round = 0; round < (quick ? 1 : 3); round++)
      for (const [name, make] of inboxes) {
        console.log(`drain: ${name}`)
        found.get(name)!.push(await drained(await make(), tasks))
      }
    return {
      tables: [
        {
          title: 'Drain: tasks each inbox runs in a second',
          note: `${tasks.toLocaleString('en')} stored tasks of 1 KB with a handler that returns at once, one process, default concurrency (10), from the start of the worker until the last task is settled and stored. CPU of this process alone; Redis and PostgreSQL are processes of their own on the same machine.`,
          head: ['inbox', 'tasks/s', 'CPU µs/task'],
          rows: [...found].map(([name, rounds]) => [
            name,
            median(rounds.map(({ rate }) => rate)).toFixed(0),
            median(rounds.map(({ micros }) => micros)).toFixed(1),
          ]),
        },
      ],
      targets: [],
    }
  } finally {
    await services.stop()
  }
}

async function drained(inbox: Inbox, tasks: number): Promise<Drained> {
  const all = Promise.withResolvers<void>()
  let left = tasks
  const receiver = createReceiver({
    provider: github({ secret: SECRET }),
    inbox,
    log: false,
    // Not false, which an inbox in memory refuses: all wait for `work()` below.
    work: 'drain',
    observers: [{ done: () => void (--left === 0 && all.resolve()) }],
  })
  receiver.on('issues', () => {})
  await createSource({ receiver, sender: 'github', bytes: 1024 }).run(tasks)
  const cpu = process.cpuUsage()
  const started = performance.now()
  await receiver.work()
  await all.promise
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await receiver.close()
  await inbox.close()
  return { rate: tasks / seconds, micros: (user + system) / tasks }
}
