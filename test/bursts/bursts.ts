import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver, memoryInbox } from '@postern/core'
import { send } from '../examples/example.ts'
import { launch, type Launched } from '../faults/launch.ts'
import { allTasks, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { randomBy } from '../services/random.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { bundleWorker, objectFile, startWorkerd, type Workerd } from '../services/workerd.ts'
import { idle } from '../workers/load.ts'
import {
  endsOf,
  shuffled,
  watchRuns,
  type Burst,
  type EndedTask,
  type Ends,
  type Size,
  type Watched,
} from './plan.ts'
import { provider, subscribe } from './receiver.ts'

export interface Found extends Ends {
  readonly accepted: number
  readonly kills: number
  readonly runs: number
  /** Handler runs with an older version than a previous run of the key. */
  readonly regressed: number
  /** Handler runs that started while another run of their key was running. */
  readonly beside: number
  /** Keys whose last run did not get the newest event. */
  readonly old: number
}

const AT_ONCE = 24
// Share of events that are sent twice.
const AGAIN = 0.05

export function isWhole(found: Found): boolean {
  const { accepted, counted, regressed, beside, old, left } = found
  return counted === accepted && regressed + beside + old + left === 0
}

/**
 * Sends each event until it is accepted. Calls `kill` `size.kills` times, evenly spread over the events. `kill` gets
 * the seeded random generator.
 */
async function sendAll(
  size: Size,
  seed: number,
  deliver: (burst: Burst) => Promise<number>,
  kill: (random: () => number) => Promise<void> = async () => {},
): Promise<void> {
  const random = randomBy(seed)
  const all = shuffled(size, random).flatMap((one) => (random() < AGAIN ? [one, one] : one))
  let next = 0
  let count = 0
  let kills = 0
  let killing: Promise<void> = Promise.resolve()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < all.length) {
        const burst = all[next++]!
        // The connection breaks if its process is killed.
        while ((await deliver(burst).catch(() => 0)) !== 200) await sleep(5)
        if (++count < ((kills + 1) * size.events) / (size.kills + 1) || kills === size.kills)
          continue
        kills++
        killing = killing.then(() => kill(random))
      }
    }),
  )
  await killing
}

async function post({ id, key, version }: Burst, url: string): Promise<number> {
  const request = provider.sign!({ id, topic: 'push', payload: { key, version }, url })
  return (await send(request)).status
}

function found(size: Size, tasks: Iterable<EndedTask>, watch: Watched): Found {
  const { found: watched, last } = watch
  watch.close()
  const newest = Math.ceil(size.events / size.keys)
  const old = Array.from({ length: size.keys }, (_, at) => {
    const versions =
      at < size.events % size.keys || size.events % size.keys === 0 ? newest : newest - 1
    return last.get(`k${at}`) === versions
  }).filter((saw) => !saw).length
  return { accepted: size.events, kills: size.kills, old, ...watched, ...endsOf(tasks) }
}

/** Runs the test with the inbox in memory of this process, without kills. */
export async function memoryRun(size: Size, seed: number): Promise<Found> {
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
  await sendAll(size, seed, async ({ id, key, version }) => {
    const delivery = provider.sign!({ id, topic: 'push', payload: { key, version } })
    return (await receiver.receive(delivery)).status
  })
  while (
    (await receiver.tasks({ state: 'pending' })).length +
      (await receiver.tasks({ state: 'running' })).length >
    0
  )
    await sleep(20)
  await receiver.close()
  return found(size, tasks, watch)
}

/** Runs the test with three processes on one store. Random processes are killed. */
export async function durableRun(kind: DurableName, size: Size, seed: number): Promise<Found> {
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
  // The first process creates the tables.
  const victims = [await start(), ...(await Promise.all([start(), start()]))]
  let turn = 0
  const kill = async (random: () => number): Promise<void> => {
    const at = Math.floor(random() * victims.length)
    const victim = victims[at]!
    // Other processes may continue the tasks before this process sees the exit.
    watch.gone(victim.name)
    victim.child.kill('SIGKILL')
    await victim.ended
    victims[at] = await start()
  }
  await sendAll(size, seed, (burst) => post(burst, victims[turn++ % victims.length]!.url!), kill)
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
  await stop()
  return found(size, tasks, watch)
}

/** Runs the test with a Durable Object. Its workerd process is killed. */
export async function objectRun(size: Size, seed: number): Promise<Found> {
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
  const kill = async (): Promise<void> => {
    watch.gone(workerd.name)
    await workerd.kill()
    workerd = await start()
  }
  await sendAll(size, seed, (burst) => post(burst, `${workerd.url}/webhooks/github`), kill)
  await idle(workerd.url)
  await workerd.kill()
  const tasks = storedTasks(folder)
  await removeFolder(folder)
  return found(size, tasks, watch)
}

const STATES = ['pending', 'running', 'done', 'dead']

/** Reads the tasks from the object's SQLite file, which no process may have open. */
function storedTasks(folder: string): readonly EndedTask[] {
  const db = new DatabaseSync(objectFile(folder)!)
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
