import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver, memoryInbox } from '@postern/core'
import { launch, type Launched } from '../faults/launch.ts'
import { allTasks, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { bundleWorker, startWorkerd, type Workerd } from '../services/workerd.ts'
import {
  endsOf,
  randomOf,
  shuffled,
  watchRuns,
  type Burst,
  type EndedTask,
  type Ends,
  type Size,
  type Watched,
} from './plan.ts'
import { provider, subscribe } from './receiver.ts'

/** What one run found. */
export interface Found extends Ends {
  readonly accepted: number
  readonly kills: number
  readonly runs: number
  /** Runs on an older version than one before them. */
  readonly regressed: number
  /** Runs that began while another of their key ran. */
  readonly beside: number
  /** Keys whose last run did not see the newest event. */
  readonly old: number
}

/** How events come in: at one of these URLs, or straight into a receiver. */
type Deliver = (burst: Burst) => Promise<boolean>

const AT_ONCE = 24
// Of the events, those that are sent twice.
const AGAIN = 0.05

/** True if nothing was wrong. */
export function isWhole(found: Found): boolean {
  const { accepted, counted, regressed, beside, old, left } = found
  return counted === accepted && regressed + beside + old + left === 0
}

/** Sends all, each until it is accepted; calls `at` with how many were. */
async function sendAll(
  bursts: readonly Burst[],
  random: () => number,
  deliver: Deliver,
  at: (count: number) => void,
): Promise<void> {
  const all = bursts.flatMap((burst) => (random() < AGAIN ? [burst, burst] : burst))
  let next = 0
  let count = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < all.length) {
        const burst = all[next++]!
        while (!(await deliver(burst))) await sleep(5)
        at(++count)
      }
    }),
  )
}

function signed({ id, key, version }: Burst, url: string): Parameters<typeof fetch> {
  const request = provider.sign!({ id, topic: 'push', payload: { key, version }, url })
  const { method, headers, body } = request
  return [request.url, { method, headers: { ...headers }, body: Buffer.from(body) }]
}

function found(
  size: Size,
  tasks: Iterable<EndedTask>,
  { found: watched, last }: Watched,
  kills: number,
): Found {
  const newest = Math.ceil(size.events / size.keys)
  const old = Array.from({ length: size.keys }, (_, at) => {
    const versions =
      at < size.events % size.keys || size.events % size.keys === 0 ? newest : newest - 1
    return last.get(`k${at}`) === versions
  }).filter((saw) => !saw).length
  return { accepted: size.events, kills, old, ...watched, ...endsOf(tasks) }
}

/** In the memory of this process, without kills. */
export async function memoryRun(size: Size, seed: number): Promise<Found> {
  const random = randomOf(seed)
  const watch = await watchRuns()
  const tasks: EndedTask[] = []
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox({ maxPending: 100_000 }),
    log: false,
    observers: [
      { folded: ({ into }) => void tasks.push({ state: 'done', into, stale: into === undefined }) },
    ],
  })
  const counting = {
    on: (
      topic: 'push',
      options: object,
      handler: (event: never, task: { readonly folded: number }) => unknown,
    ) =>
      receiver.on(topic, options, async (event, task) => {
        await handler(event as never, task)
        tasks.push({ state: 'done', folded: task.folded })
      }),
  }
  subscribe(counting as never, 'memory', async (query) =>
    (await fetch(`http://127.0.0.1:${watch.port}/?${query}`)).text(),
  )
  await sendAll(
    shuffled(size, random),
    random,
    async (burst) => {
      const { id, key, version } = burst
      return (
        (await receiver.receive(provider.sign!({ id, topic: 'push', payload: { key, version } })))
          .status === 200
      )
    },
    () => {},
  )
  while (
    (await receiver.tasks({ state: 'pending' })).length +
      (await receiver.tasks({ state: 'running' })).length >
    0
  )
    await sleep(20)
  await receiver.close()
  watch.close()
  return found(size, tasks, watch, 0)
}

/** Three processes on one store; now one and now another is killed. */
export async function durableRun(kind: DurableName, size: Size, seed: number): Promise<Found> {
  const random = randomOf(seed)
  const { store, stop } = await durables[kind].start()
  const watch = await watchRuns()
  let number = 0
  const start = async (): Promise<Launched & { readonly name: string }> => {
    const name = `p${number++}`
    const program = [
      join(import.meta.dirname, 'victim.ts'),
      kind,
      store,
      `http://127.0.0.1:${watch.port}/`,
      name,
    ]
    return { ...(await launch(program)), name }
  }
  // The first makes the tables.
  const victims = [await start(), ...(await Promise.all([start(), start()]))]
  let turn = 0
  let kills = 0
  let killing: Promise<void> = Promise.resolve()
  const kill = async (): Promise<void> => {
    const at = Math.floor(random() * victims.length)
    const victim = victims[at]!
    // Others can go on with its tasks before its end is seen here.
    watch.gone(victim.name)
    victim.child.kill('SIGKILL')
    await victim.ended
    victims[at] = await start()
  }
  await sendAll(
    shuffled(size, random),
    random,
    async (burst) => {
      const { url } = victims[turn++ % victims.length]!
      try {
        return (await fetch(...signed(burst, url!))).status === 200
      } catch {
        return false
      }
    },
    (count) => {
      if (count < ((kills + 1) * size.events) / (size.kills + 1) || kills === size.kills) return
      kills++
      killing = killing.then(kill)
    },
  )
  await killing
  const inbox = await openDurable(kind, store, { readOnly: true })
  const open = async (): Promise<number> =>
    (await inbox.view!.stats()).reduce(
      (sum, { counts }) => sum + counts.pending + counts.running,
      0,
    )
  while ((await open()) > 0) await sleep(100)
  const tasks: readonly EndedTask[] = await allTasks(inbox.view!)
  await inbox.close()
  for (const { child, ended } of victims) {
    child.kill('SIGKILL')
    await ended
  }
  watch.close()
  await stop()
  return found(size, tasks, watch, kills)
}

/** A Durable Object; workerd is killed. */
export async function objectRun(size: Size, seed: number): Promise<Found> {
  const random = randomOf(seed)
  const code = await bundleWorker(join(import.meta.dirname, 'object.ts'))
  const folder = await temporaryFolder('bursts')
  const watch = await watchRuns()
  let number = 0
  const start = async (): Promise<Workerd & { readonly name: string }> => {
    const name = `p${number++}`
    return Object.assign(
      await startWorkerd({ folder, code, texts: { PROCESS: name }, services: { LOG: watch.port } }),
      { name },
    )
  }
  let workerd = await start()
  let kills = 0
  let killing: Promise<void> = Promise.resolve()
  const kill = async (): Promise<void> => {
    watch.gone(workerd.name)
    await workerd.kill()
    workerd = await start()
  }
  await sendAll(
    shuffled(size, random),
    random,
    async (burst) => {
      try {
        return (await fetch(...signed(burst, `${workerd.url}/webhooks/github`))).status === 200
      } catch {
        return false
      }
    },
    (count) => {
      if (count < ((kills + 1) * size.events) / (size.kills + 1) || kills === size.kills) return
      kills++
      killing = killing.then(kill)
    },
  )
  await killing
  for (;;) {
    const { value } = (await (await fetch(`${workerd.url}/stats`)).json()) as {
      readonly value: readonly {
        readonly counts: { readonly pending: number; readonly running: number }
      }[]
    }
    if (value.every(({ counts }) => counts.pending + counts.running === 0)) break
    await sleep(100)
  }
  await workerd.kill()
  watch.close()
  const tasks = storedTasks(folder)
  await removeFolder(folder)
  return found(size, tasks, watch, kills)
}

const STATES = ['pending', 'running', 'done', 'dead']

/** The object's own file, while no process has it. */
function storedTasks(folder: string): readonly EndedTask[] {
  const objects = join(folder, 'objects', 'webhooks')
  const file = readdirSync(objects).find(
    (name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite',
  )!
  const db = new DatabaseSync(join(objects, file))
  const rows = db.prepare('SELECT state, fold FROM postern_tasks').all() as {
    state: number
    fold: string
  }[]
  db.close()
  return rows.map(({ state, fold }) => {
    const { n, into, stale } = JSON.parse(fold) as { n?: number; into?: number; stale?: 1 }
    return {
      state: STATES[state]!,
      folded: n,
      into: into === undefined ? undefined : String(into),
      stale: stale !== undefined,
    }
  })
}
