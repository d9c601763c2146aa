import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { InboxView } from '@postern/core/inbox'
import { allTasks, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { inMysql, inPostgres } from './classes/engines.ts'
import { readJournal } from './journal.ts'
import { launch, type Launched } from './launch.ts'
import { startSender, type Sender } from './sender.ts'
import { settledLog } from './settled-log.ts'

export interface CrashReport {
  readonly kills: number
  /** Number of kills during deliveries and tasks. */
  readonly busyKills: number
  readonly delivered: number
  readonly acknowledged: number
  /** Tasks of acknowledged events that were not done at the end. */
  readonly lost: number
  /** Number of events that were accepted twice as new. */
  readonly newTwice: number
  /** Runs of tasks that the store had reported as completed. */
  readonly ranAfterSettled: number
  /** Number of runs that were interrupted between effect and outcome. Such runs must be repeated. */
  readonly repeated: number
  /** Number of effects that would happen twice if they were keyed by `task.idempotencyKey`. */
  readonly doubleByKey: number
  /** Number of `task.commit` effects that exist more than once. Not set if the inbox has no transactions. */
  readonly doubleEffects?: number
  /** Completed tasks without their effect of `task.commit`. */
  readonly missingEffects?: number
  /** Result of `PRAGMA integrity_check` of SQLite. */
  readonly integrity?: string
}

type Rows = readonly Readonly<Record<string, unknown>>[]

/** Runs a statement on the store. Inboxes without transactions are not listed. */
const databases: Partial<Record<DurableName, (store: string, sql: string) => Promise<Rows>>> = {
  sqlite: async (store, sql) => {
    const db = new DatabaseSync(store, { timeout: 5000 })
    try {
      return db.prepare(sql).all()
    } finally {
      db.close()
    }
  },
  postgres: inPostgres,
  mysql: inMysql,
}

/** Selects the completed tasks as `subscription event`. The inbox view would need many pages. */
const DONE = `SELECT concat(l.name, ' ', e.event_id) AS task FROM postern_tasks t
  JOIN postern_lanes l ON l.id = t.lane JOIN postern_events e ON e.id = t.id >> 16 WHERE t.state = 2`

/** Minimum number of acknowledged events per kill, so that a fast process is not killed before it accepts any. */
const LEAST = 12

/**
 * Runs two processes on one store, which accept deliveries and run tasks. Kills one of them at random, again and again,
 * for a number of rounds or minutes. Some events reach both processes in parallel. Waits until all tasks are done.
 * `pause` is an option of {@link startSender}.
 */
export async function crashRun(
  name: DurableName,
  rounds: number,
  { minutes = Infinity, pause }: { readonly minutes?: number; readonly pause?: number } = {},
): Promise<CrashReport> {
  const last = performance.now() + minutes * 60_000
  const { store, stop } = await durables[name].start()
  const folder = await temporaryFolder('crash')
  const journal = `${folder}/journal`
  const inbox = await openDurable(name, store)
  const view = inbox.view!
  const query = databases[name]?.bind(undefined, store)
  /** Returns the completed tasks, as `subscription event`. */
  const done = async (): Promise<readonly string[]> =>
    query
      ? (await query(DONE)).map(({ task }) => String(task))
      : (await allTasks(view, { state: 'done' })).map(
          ({ subscription, event }) => `${subscription} ${event.id}`,
        )
  const subscriptions = query ? ['plain', 'shaky', 'exact'] : ['plain', 'shaky']
  const program = fileURLToPath(new URL('crash-victim.ts', import.meta.url))
  const start = (): Promise<Launched> => launch([program, name, store, journal])
  const victims: Launched[] = []
  try {
    await query?.('CREATE TABLE effects (id text)')
    victims.push(await start(), await start())
    const urls = victims.map(({ url }) => url)
    let turn = 0
    const sender = startSender({
      url: () => urls[turn++ % 2] ?? urls[turn % 2],
      event: (id) => ({ topic: 'thing.happened', id, payload: { id, text: 'x'.repeat(400) } }),
      concurrency: 24,
      again: 0.05,
      atOnce: 0.1,
      ...(pause !== undefined && { pause }),
    })
    const settled = settledLog(journal)
    let kills = 0
    let busyKills = 0
    for (; kills < rounds && performance.now() < last; kills++) {
      await sleep(40 + Math.random() * 160)
      // On a busy machine, the process that started last may not work yet.
      const busy = await untilBusy(view, sender, (kills + 1) * LEAST)
      const at = Math.random() < 0.5 ? 0 : 1
      const victim = victims[at]!
      const accepting = sender.underway > 0
      urls[at] = undefined
      victim.child.kill('SIGKILL')
      await victim.ended
      // A slow store may list no running task, although one ran a moment ago.
      if (accepting && (busy || (await isRunning(view)))) busyKills++
      settled.note(await done())
      victims[at] = await start()
      urls[at] = victims[at].url
    }
    await sender.finish()
    const expected = [...sender.acknowledged].flatMap((id) =>
      subscriptions.map((subscription) => `${subscription} ${id}`),
    )
    const lost = await untilSettled(done, expected)
    await end()
    return {
      kills,
      busyKills,
      delivered: sender.counts.sent,
      acknowledged: sender.acknowledged.size,
      lost,
      ranAfterSettled: settled.ranAgain(),
      ...judge(readJournal(journal)),
      ...(query && effectsOf(await query('SELECT id FROM effects'), await done())),
      ...(name === 'sqlite' && {
        integrity: String((await query!('PRAGMA integrity_check'))[0]!['integrity_check']),
      }),
    }
  } finally {
    await end()
    await inbox.close()
    await stop()
    await removeFolder(folder)
  }

  async function end(): Promise<void> {
    for (const { child } of victims) child.kill('SIGKILL')
    await Promise.all(victims.map(({ ended }) => ended))
  }
}

async function isRunning(view: InboxView): Promise<boolean> {
  return (await view.stats()).some(({ counts }) => counts.running > 0)
}

/** Compares the rows of `task.commit` with the completed tasks. */
function effectsOf(
  rows: Rows,
  done: readonly string[],
): Pick<CrashReport, 'doubleEffects' | 'missingEffects'> {
  const made = new Set(rows.map(({ id }) => `exact ${String(id)}`))
  return {
    doubleEffects: rows.length - made.size,
    missingEffects: done.filter((task) => task.startsWith('exact ') && !made.has(task)).length,
  }
}

/**
 * Returns true once `least` events are acknowledged and both deliveries and tasks are running. Returns false after ten
 * seconds.
 */
async function untilBusy(view: InboxView, sender: Sender, least: number): Promise<boolean> {
  const late = performance.now() + 10_000
  while (performance.now() < late) {
    const enough = sender.acknowledged.size >= least
    if (enough && sender.underway > 0 && (await isRunning(view))) return true
    await sleep(2)
  }
  return false
}

/** Waits until no further task completes. Returns the number of tasks that are still missing. */
async function untilSettled(
  done: () => Promise<readonly string[]>,
  expected: readonly string[],
): Promise<number> {
  let left = expected.length
  // An interrupted task may wait for eight seconds, and a process may start slowly on a busy machine. So this waits 30
  // s.
  for (let quiet = 0; quiet < 300; quiet++) {
    const settled = new Set(await done())
    const missing = expected.filter((task) => !settled.has(task)).length
    if (missing === 0) return 0
    if (missing < left) quiet = 0
    left = missing
    await sleep(100)
  }
  return left
}

type Judged = Pick<CrashReport, 'newTwice' | 'repeated' | 'doubleByKey'>

function judge(lines: readonly string[]): Judged {
  const answered = lines.filter((line) => line.startsWith('new '))
  const runs = lines.map((line) => line.split(' ').slice(1, 3).join(' '))
  // The handler `plain` never fails, so each run after the first follows an interruption.
  const plain = runs.filter((task) => task.startsWith('plain '))
  const events = new Set(plain).size
  const keys = new Set(
    lines.filter((line) => line.startsWith('run plain ')).map((line) => line.split(' ')[3]),
  )
  return {
    newTwice: answered.length - new Set(answered).size,
    repeated: plain.length - events,
    doubleByKey: keys.size - events,
  }
}
