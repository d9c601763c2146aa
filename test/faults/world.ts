import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TaskInfo, TaskState } from '@postern/core/inbox'
import { allTasks, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { readJournal } from './journal.ts'
import { launch, type Launched } from './launch.ts'
import { post } from './requests.ts'
import { settledLog } from './settled-log.ts'

/** Process on a durable inbox that restarts whenever it ends. The inbox can also be read from outside. */
export interface World {
  /** Returns the current process, which changes at each restart. */
  victim(): Launched
  /** Returns the number of deaths by SIGKILL. */
  deaths(): number
  /** Delivers an event until it is acknowledged, as senders do. */
  deliver(topic: string, id: string): Promise<void>
  /** Delivers an event every `every` milliseconds until stopped. */
  feed(topic: string, every: number): { stop(): Promise<void> }
  acknowledged(topic: string): number
  tasks(subscription: string): Promise<readonly TaskInfo[]>
  count(subscription: string, ...states: readonly TaskState[]): Promise<number>
  /** Polls until the condition holds, at most until `late` (a time of `performance.now()`). */
  until(met: () => Promise<boolean> | boolean, late: number): Promise<void>
  /** Returns the number of runs of tasks that the inbox had already reported as completed. */
  ranAfterSettled(): number
  lines(): readonly string[]
  close(): Promise<void>
}

/** Milliseconds between polls. The pause leaves the CPU to the process under test. */
const POLL = 250

/** Starts the process on a new store, with a short lease. */
export async function openWorld(name: DurableName): Promise<World> {
  const { store, stop } = await durables[name].start()
  const folder = await temporaryFolder('world')
  const journal = join(folder, 'journal')
  const program = fileURLToPath(new URL('poison-victim.ts', import.meta.url))
  const acknowledged = new Map<string, number>()
  const settled = settledLog(journal)
  let deaths = 0
  let over = false
  let victim = await launch([program, name, store, journal])
  const inbox = await openDurable(name, store, { lease: '1s' })
  const view = inbox.view!
  const restarts = keepAlive()
  const world: World = {
    victim: () => victim,
    deaths: () => deaths,
    async deliver(topic, id) {
      while (!over) {
        if ((await post(victim.url!, { topic, id, payload: {} }, undefined, 15_000)) === 200)
          return void acknowledged.set(topic, world.acknowledged(topic) + 1)
        await sleep(50)
      }
    },
    feed(topic, every) {
      let stopped = false
      const feeding = (async () => {
        const open: Promise<void>[] = []
        for (let made = 0; !stopped; made++) {
          open.push(world.deliver(topic, `fed-${made}`))
          await sleep(every)
        }
        await Promise.all(open)
      })()
      return {
        stop() {
          stopped = true
          return feeding
        },
      }
    },
    acknowledged: (topic) => acknowledged.get(topic) ?? 0,
    tasks: (subscription) => allTasks(view, { subscription }),
    async count(subscription, ...states) {
      const lane = (await view.stats()).find((one) => one.subscription === subscription)
      return states.reduce((sum, state) => sum + (lane?.counts[state] ?? 0), 0)
    },
    async until(met, late) {
      while (performance.now() < late) {
        // The store may be unavailable during a poll.
        if (await Promise.resolve(met()).catch(() => false)) return
        await sleep(POLL)
      }
    },
    ranAfterSettled: () => settled.ranAgain(),
    lines: () => readJournal(journal),
    async close() {
      over = true
      victim.child.kill('SIGKILL')
      await restarts
      await inbox.close()
      await stop()
      await removeFolder(folder)
    },
  }
  return world

  async function keepAlive(): Promise<void> {
    for (;;) {
      const { child, ended } = victim
      await ended
      if (over) return
      if (child.signalCode === 'SIGKILL') deaths++
      settled.note(await done())
      victim = await launch([program, name, store, journal])
      // `close` was called during the start.
      if (over) victim.child.kill('SIGKILL')
    }
  }

  async function done(): Promise<readonly string[]> {
    const tasks = await allTasks(view, { state: 'done' }).catch(() => [])
    return tasks.map(({ subscription, event }) => `${subscription} ${event.id}`)
  }
}
