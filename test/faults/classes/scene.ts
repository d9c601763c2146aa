import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { acme } from '@postern/testing'
import { COMPILED } from '../../services/compiled.ts'
import { durables, type DurableName } from '../../services/inboxes.ts'
import { readJournal } from '../journal.ts'
import { SECRET } from '../secrets.ts'

/** The name of an inbox, that of memory included. */
export type FaultInbox = DurableName | 'memory'

/** What an app is told. */
export interface AppOptions {
  readonly inbox: FaultInbox
  /** File or URL; a class may give a way to it that it can spoil. */
  readonly store: string
  readonly journal: string
  /** Options of the inbox. */
  readonly settings?: object
  /** An invented step on top of the layout of the package. */
  readonly steps?: 'additive' | 'breaking'
  /** The subscription with an order has another name. */
  readonly renamed?: boolean
}

/** A process with a receiver. */
export interface App {
  readonly url: string
  readonly pid: number
  readonly ended: Promise<unknown>
  kill(signal: NodeJS.Signals): void
  /** Moves its wall clock, in milliseconds. */
  step(by: number): void
}

/** A task as an app tells it. */
export interface Told {
  readonly subscription: string
  readonly state: string
  readonly id: string
  readonly error?: string
}

/** A store, apps on it, a sender, and what came of it. */
export interface Scene {
  readonly inbox: FaultInbox
  readonly store: string
  /** Numbers by chance, the same for a seed. */
  random(): number
  start(options?: Partial<AppOptions>, flags?: readonly string[]): Promise<App>
  /** Delivers events of a topic, again and again until each is acknowledged or the time is over, in milliseconds. */
  deliver(
    app: App | (() => App),
    topic: string,
    ids: readonly string[],
    time?: number,
    payload?: unknown,
  ): Promise<void>
  /** Delivers what was acknowledged once more. */
  again(app: App, topic: string): Promise<void>
  /** Lines that handlers wrote. */
  lines(): readonly string[]
  /** Resolves when the lines, or what was said, have it; rejects after 30 seconds. */
  until(what: string, met: () => boolean | Promise<boolean>): Promise<void>
  /** Notes what is settled now: it may not run again. */
  note(app: App): Promise<void>
  tasks(app: App): Promise<readonly Told[]>
  /** All that the apps wrote to their logs, and causes of health that were asked for. */
  said(): string
  /** Asks an app for its health; its cause is said. */
  health(app: App): Promise<void>
  /** Runs when the scene is over. */
  later(end: () => unknown): void
  /** The fault is over: what is acknowledged has to be done from here on. */
  over(): void
}

/** What came of a class on an inbox. */
export interface ClassReport {
  readonly acknowledged: number
  readonly lost: number
  readonly again: number
  readonly givenUp: number
  readonly stuck: number
  readonly seconds: number
  readonly told: string
  readonly seed: number
}

/** A class of faults: how it is played, and which words tell it. */
export interface FaultClass {
  readonly name: string
  readonly inboxes: readonly FaultInbox[]
  /** What operators must read; absent if nothing is wrong that anybody could do something about. */
  readonly told?: Partial<Record<FaultInbox, RegExp>> | RegExp
  /** True if nothing dies or loses its lease: no task may run to its end twice. */
  readonly whole?: boolean
  /** Topics whose tasks are meant to end dead. */
  readonly dies?: readonly string[]
  /** Leaves an app that takes the work to its end. */
  readonly play: (scene: Scene) => Promise<App>
}

const program = fileURLToPath(new URL('app.ts', import.meta.url))
const clock = new URL('clock.ts', import.meta.url).href
const provider = acme({ secret: SECRET })
const PATIENCE = 60_000
const UNTIL = 30_000

/** Plays a class on an inbox. */
export async function playClass(
  { play, told: words, dies = [], whole = false }: FaultClass,
  inbox: FaultInbox,
  seed: number,
): Promise<ClassReport> {
  const { store, stop } =
    inbox === 'memory' ? { store: '', stop: async () => {} } : await durables[inbox].start()
  const folder = mkdtempSync(join(tmpdir(), 'postern-class-'))
  const journal = join(folder, 'journal')
  const acknowledged = new Map<string, Set<string>>()
  const settled = new Map<string, number>()
  const apps: App[] = []
  const endings: (() => unknown)[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  let said = ''
  let over = performance.now()
  let state = seed
  const scene: Scene = {
    inbox,
    store,
    random() {
      // Mulberry32.
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    },
    start,
    async deliver(to, topic, ids, time = PATIENCE, payload = {}) {
      const late = performance.now() + time
      const taken = acknowledged.get(topic) ?? new Set()
      acknowledged.set(topic, taken)
      await Promise.all(
        ids.map(async (id) => {
          while (performance.now() < late) {
            const { url } = typeof to === 'function' ? to() : to
            if ((await post(`${url}/hooks`, topic, id, payload)) === 200) return void taken.add(id)
            await sleep(50)
          }
        }),
      )
    },
    async again(app, topic) {
      for (const id of acknowledged.get(topic) ?? []) await post(`${app.url}/hooks`, topic, id, {})
    },
    lines: () => readJournal(journal),
    async until(what, met) {
      const late = performance.now() + UNTIL
      while (!(await met())) {
        if (performance.now() > late) throw new Error(`waited in vain until ${what}`)
        await sleep(50)
      }
    },
    async note(app) {
      const done = (await scene.tasks(app)).filter((task) => task.state === 'done')
      const lines = scene.lines().length
      for (const { subscription, id } of done) {
        const task = `${subscription.split('.')[0]} ${id}`
        if (!settled.has(task)) settled.set(task, lines)
      }
    },
    async tasks(app) {
      const kept = (await ask(`${app.url}/tasks`)) as readonly Told[]
      return inbox === 'memory' ? [...kept, ...ended(scene.lines())] : kept
    },
    said: () => said,
    async health(app) {
      const { cause } = (await ask(`${app.url}/health`)) as { readonly cause?: string }
      said += `health: ${cause ?? 'ok'}\n`
    },
    later: (end) => void endings.push(end),
    over: () => void (over = performance.now()),
  }
  try {
    const last = await play(scene)
    const expected = [...acknowledged].flatMap(([topic, ids]) =>
      [...ids].map((id) => `${topic} ${id}`),
    )
    const meant = (task: string): boolean => dies.includes(task.split(' ')[0]!)
    let states = new Map<string, string>()
    const late = performance.now() + PATIENCE
    do {
      await sleep(100)
      const tasks = await scene.tasks(last).catch(() => [])
      states = new Map(
        tasks.map((one) => [`${one.subscription.split('.')[0]} ${one.id}`, one.state]),
      )
    } while (
      expected.some((task) => !['done', 'dead'].includes(states.get(task) ?? '')) &&
      performance.now() < late
    )
    const seconds = Math.round((performance.now() - over) / 100) / 10
    const lost = expected.filter((task) => !states.has(task))
    const pattern = words instanceof RegExp ? words : words?.[inbox]
    const report = {
      acknowledged: expected.length,
      lost: lost.length,
      again: ranAgain(scene.lines(), settled) + (whole ? endedTwice(scene.lines()) : 0),
      givenUp: expected.filter((task) => states.get(task) === 'dead' && !meant(task)).length,
      stuck: expected.filter((task) => ['pending', 'running'].includes(states.get(task) ?? ''))
        .length,
      seconds,
      told: pattern === undefined ? '–' : pattern.test(said) ? 'yes' : `missing: ${pattern.source}`,
      seed,
    }
    if (
      report.lost + report.again + report.givenUp + report.stuck > 0 ||
      report.told.startsWith('missing')
    ) {
      console.error(
        `${lost.length > 0 ? `lost: ${lost.slice(0, 5).join(', ')}\n` : ''}${said.slice(-3000)}`,
      )
    }
    return report
  } finally {
    for (const end of endings.toReversed()) await end()
    for (const app of apps) {
      app.kill('SIGCONT')
      app.kill('SIGKILL')
    }
    await Promise.all(apps.map(({ ended }) => ended))
    agent.destroy()
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }

  async function start(
    more: Partial<AppOptions> = {},
    flags: readonly string[] = [],
  ): Promise<App> {
    const options: AppOptions = { inbox, store, journal, ...more }
    const child = spawn(
      process.execPath,
      ['--no-warnings', ...flags, '--import', clock, program, JSON.stringify(options)],
      { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, ...COMPILED } },
    )
    const orphaned = (): boolean => child.kill('SIGKILL')
    process.once('exit', orphaned)
    const ended = once(child, 'close').finally(() => process.off('exit', orphaned))
    createInterface(child.stderr!).on('line', (line) => (said += `${line}\n`))
    const output = createInterface(child.stdout!)
    const port = await new Promise<string>((resolve, reject) => {
      output.on('line', (line) => {
        const ready = /^ready (\d+)$/.exec(line)
        if (ready) resolve(ready[1]!)
        else said += `${line}\n`
      })
      void ended.then(() =>
        reject(new Error(`the app ended before it was ready: ${said.slice(-1000)}`)),
      )
    })
    const app: App = {
      url: `http://127.0.0.1:${port}`,
      pid: child.pid!,
      ended,
      kill: (signal) => void child.kill(signal),
      step: (by) => void child.send({ clock: by }),
    }
    apps.push(app)
    return app
  }

  function post(
    url: string,
    topic: string,
    id: string,
    payload: unknown,
  ): Promise<number | undefined> {
    const signed = provider.sign!({ topic, id, payload, url })
    return new Promise((resolve) => {
      const sending = request(
        url,
        { method: 'POST', agent, timeout: 10_000, headers: { ...signed.headers } },
        (reply) => {
          reply.resume()
          reply.once('close', () => resolve(reply.complete ? reply.statusCode : undefined))
        },
      )
      sending.once('error', () => resolve(undefined))
      sending.once('timeout', () => sending.destroy())
      sending.end(signed.body)
    })
  }
}

async function ask(url: string): Promise<unknown> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  if (!reply.ok) throw new Error(await reply.text())
  return reply.json()
}

/** Runs that began after the store had said that their task is done. */
function ranAgain(lines: readonly string[], settled: ReadonlyMap<string, number>): number {
  return lines.filter((line, at) => {
    const [what, topic, id] = line.split(' ')
    return what === 'run' && at >= (settled.get(`${topic} ${id}`) ?? Infinity)
  }).length
}

/** The inbox in memory keeps no task that is done. */
function ended(lines: readonly string[]): readonly Told[] {
  return lines.flatMap((line) => {
    const [what, subscription, id] = line.split(' ') as [string, string, string]
    return what === 'end' ? { subscription, state: 'done', id } : []
  })
}

function endedTwice(lines: readonly string[]): number {
  const ends = lines.filter((line) => line.startsWith('end '))
  return ends.length - new Set(ends).size
}

/** Ids of events. */
export function ids(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}-${at}`)
}
