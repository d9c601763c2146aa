import { Agent } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { durables } from '../../services/inboxes.ts'
import { randomBy } from '../../services/random.ts'
import { removeFolder, temporaryFolder } from '../../services/temporary.ts'
import { readJournal } from '../journal.ts'
import { ask, post } from '../requests.ts'
import { settledLog } from '../settled-log.ts'
import type { App, ClassReport, FaultClass, FaultInbox, Scene, Told } from './class.ts'
import { ended, endedTwice } from './judge.ts'
import { startApp } from './start-app.ts'

// Time limits in milliseconds. They also suffice on a machine that gives each process a tenth of a core.
const DELIVERY = 60_000
const PATIENCE = 240_000
const UNTIL = 120_000

export async function playClass(
  { play, told: words, dies = [], whole = false }: FaultClass,
  inbox: FaultInbox,
  seed: number,
): Promise<ClassReport> {
  const { store, stop } =
    inbox === 'memory' ? { store: '', stop: async () => {} } : await durables[inbox].start()
  const folder = await temporaryFolder('class')
  const journal = join(folder, 'journal')
  const acknowledged = new Map<string, Set<string>>()
  const settled = settledLog(journal)
  const apps: App[] = []
  const endings: (() => unknown)[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 200 })
  let said = ''
  let over = performance.now()
  const scene: Scene = {
    inbox,
    store,
    random: randomBy(seed),
    async start(more = {}, flags = []) {
      const app = await startApp({ inbox, store, journal, ...more }, flags, (line) => {
        said += `${line}\n`
      })
      apps.push(app)
      return app
    },
    async deliver(to, topic, ids, time = DELIVERY, payload = {}) {
      const late = performance.now() + time
      const taken = acknowledged.get(topic) ?? new Set()
      acknowledged.set(topic, taken)
      let rejections = 0
      await Promise.all(
        ids.map(async (id) => {
          while (performance.now() < late) {
            const { url } = typeof to === 'function' ? to() : to
            const status = await post(`${url}/hooks`, { topic, id, payload }, agent, 10_000)
            if (status === 200) return void taken.add(id)
            if (status === 503) rejections++
            await sleep(50)
          }
        }),
      )
      return rejections
    },
    async again(app, topic) {
      for (const id of acknowledged.get(topic) ?? [])
        await post(`${app.url}/hooks`, { topic, id, payload: {} }, agent, 10_000)
    },
    lines: () => readJournal(journal),
    async until(what, met) {
      const late = performance.now() + UNTIL
      for (;;) {
        // If the condition fails with an error, such as a missed deadline of the inbox, it is checked again.
        const found = await (async () => met())().catch((error: unknown) => error)
        if (found === true) return
        if (performance.now() > late)
          throw new Error(`waited in vain until ${what}`, { cause: found })
        await sleep(50)
      }
    },
    async note(app) {
      let all: readonly Told[] = []
      await scene.until('it tells its tasks', async () => {
        all = await scene.tasks(app)
        return true
      })
      settled.note(all.filter(({ state }) => state === 'done').map(taskOf))
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
    let states: Map<string, string> | undefined
    const late = performance.now() + PATIENCE
    do {
      await sleep(100)
      const tasks = await scene.tasks(last).catch(() => undefined)
      // The app did not reply: it is busy or hangs for a moment.
      if (tasks === undefined) continue
      states = new Map(tasks.map((task) => [taskOf(task), task.state]))
    } while (
      expected.some((task) => !['done', 'dead'].includes(states?.get(task) ?? '')) &&
      performance.now() < late
    )
    if (!states) throw new Error(`the app has not told its tasks for ${PATIENCE / 1000} s`)
    const seconds = Math.round((performance.now() - over) / 100) / 10
    const lost = expected.filter((task) => !states.has(task))
    const pattern = words instanceof RegExp ? words : words?.[inbox]
    const report = {
      acknowledged: expected.length,
      lost: lost.length,
      again: settled.ranAgain() + (whole ? endedTwice(scene.lines()) : 0),
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
  } catch (error) {
    console.error(said.slice(-3000))
    throw error
  } finally {
    for (const end of endings.toReversed()) await end()
    for (const app of apps) {
      app.kill('SIGCONT')
      app.kill('SIGKILL')
    }
    await Promise.all(apps.map(({ ended }) => ended))
    agent.destroy()
    await stop()
    await removeFolder(folder)
  }
}

/** Returns `topic event`. A renamed subscription has the same topic. */
function taskOf({ subscription, id }: Told): string {
  return `${subscription.split('.')[0]} ${id}`
}
