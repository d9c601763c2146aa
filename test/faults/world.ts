import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { InboxView, TaskInfo, TaskState } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { openDurable, durables, type DurableName } from '../services/inboxes.ts'
import { readJournal } from './journal.ts'
import { launch, type Launched } from './launch.ts'
import { SECRET } from './secrets.ts'
import { settledLog } from './settled-log.ts'

/** A process on a durable inbox that is started again whenever it ended, and a look into its inbox from outside. */
export interface World {
  /** The process that runs now. */
  victim(): Launched
  /** Deaths by SIGKILL. */
  deaths(): number
  /** Delivers an event until it is acknowledged, as senders do. */
  deliver(topic: string, id: string): Promise<void>
  /** Delivers an event every so many milliseconds until it is stopped. */
  feed(topic: string, every: number): { stop(): Promise<void> }
  /** Events of a topic that were acknowledged. */
  acknowledged(topic: string): number
  tasks(subscription: string): Promise<readonly TaskInfo[]>
  count(subscription: string, ...states: readonly TaskState[]): Promise<number>
  /** Asks again and again, until the answer is yes, or until that moment of `performance.now()`. */
  until(met: () => Promise<boolean> | boolean, late: number): Promise<void>
  /** Runs of tasks that the inbox had said are settled. */
  ranAfterSettled(): number
  /** Lines that handlers wrote. */
  lines(): readonly string[]
  close(): Promise<void>
}

const provider = acme({ secret: SECRET })
/** Milliseconds between two questions: the machine is for the process. */
const POLL = 250

/** Opens one on a store of its own, with a short lease. */
export async function openWorld(name: DurableName): Promise<World> {
  const { store, stop } = await durables[name].start()
  const folder = mkdtempSync(join(tmpdir(), 'postern-world-'))
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
        const { url } = victim
        const signed = provider.sign!({ topic, id, payload: {}, url: url! })
        const reply = await fetch(url!, {
          method: 'POST',
          headers: signed.headers,
          body: signed.body,
          // Senders wait no longer.
          signal: AbortSignal.timeout(15_000),
        }).catch(() => undefined)
        await reply?.arrayBuffer().catch(() => undefined)
        if (reply?.ok) {
          acknowledged.set(topic, world.acknowledged(topic) + 1)
          return
        }
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
    tasks: (subscription) => all(view, subscription),
    async count(subscription, ...states) {
      const lane = (await view.stats()).find((one) => one.subscription === subscription)
      return states.reduce((sum, state) => sum + (lane?.counts[state] ?? 0), 0)
    },
    async until(met, late) {
      while (performance.now() < late) {
        // The store may be asked while it is busy.
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
      rmSync(folder, { recursive: true, force: true })
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
      // The world was closed while it started.
      if (over) victim.child.kill('SIGKILL')
    }
  }

  async function done(): Promise<readonly string[]> {
    const tasks = await all(view, undefined, 'done').catch(() => [])
    return tasks.map(({ subscription, event }) => `${subscription} ${event.id}`)
  }
}

async function all(
  view: InboxView,
  subscription: string | undefined,
  state?: TaskState,
): Promise<readonly TaskInfo[]> {
  const rows: TaskInfo[] = []
  let cursor: string | undefined
  do {
    const page = await view.list({
      ...(subscription !== undefined && { subscription }),
      ...(state && { state }),
      limit: 1000,
      budget: 5000,
      ...(cursor !== undefined && { cursor }),
    })
    rows.push(...(page.rows ?? []))
    cursor = page.cursor
  } while (cursor !== undefined)
  return rows
}
