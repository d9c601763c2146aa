import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { listenOn, removeFolder, temporaryFolder } from '../services/temporary.ts'
import { objectFile, startWorkerd } from '../services/workerd.ts'
import { idle, pause, SECRET, send } from './load.ts'

export interface Killed {
  readonly kills: number
  readonly acknowledged: number
  readonly lost: number
  /** Number of runs that started after their task was done. */
  readonly again: number
  /** Number of events whose `task.commit` effect exists twice. */
  readonly twice: number
  /** Number of acknowledged events that were not done at the end. */
  readonly left: number
}

/**
 * Kills workerd repeatedly under load, and reads the object's database after each kill. With `early`, the Worker
 * replies before the event is stored.
 */
export async function killRun(code: string, kills: number, early: boolean): Promise<Killed> {
  const folder = await temporaryFolder('kills')
  const done = new Set<string>()
  const acknowledged = new Set<string>()
  let again = 0
  let lost = 0
  let number = 0
  const log = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://log')
    if (done.has(searchParams.get('id')!)) again++
    setTimeout(() => response.end(), Number(searchParams.get('slow')))
  })
  const port = await listenOn(log)
  const start = () =>
    startWorkerd({
      folder,
      code,
      texts: { SECRET, ...(early && { EARLY: 'yes' }) },
      services: { LOG: port },
    })
  for (let kill = 0; kill < kills; kill++) {
    const workerd = await start()
    let over = false
    const loops = Array.from({ length: 8 }, async () => {
      while (!over) {
        const id = `e${number++}`
        const slow = number % 2 === 0 ? number % 200 : 0
        try {
          if ((await send(workerd.url, id, { slow, commit: number % 5 === 0 })) === 200)
            acknowledged.add(id)
        } catch {
          await pause(2)
        }
      }
    })
    await pause(200 + ((kill * 137) % 800))
    await workerd.kill()
    over = true
    await Promise.all(loops)
    const found = look(folder)
    for (const id of found.done) done.add(id)
    lost = [...acknowledged].filter((id) => !found.events.has(id)).length
  }
  const workerd = await start()
  await idle(workerd.url)
  await workerd.kill()
  log.closeAllConnections()
  log.close()
  const last = look(folder)
  await removeFolder(folder)
  return {
    kills,
    acknowledged: acknowledged.size,
    lost: Math.max(lost, [...acknowledged].filter((id) => !last.events.has(id)).length),
    again,
    twice: last.effects,
    left: [...acknowledged].filter((id) => last.events.has(id) && !last.done.has(id)).length,
  }
}

/** Reads the object's database file, which no process may have open. */
function look(folder: string): {
  readonly events: ReadonlySet<string>
  readonly done: ReadonlySet<string>
  readonly effects: number
} {
  const file = objectFile(folder)
  const events = new Set<string>()
  const done = new Set<string>()
  if (file === undefined) return { events, done, effects: 0 }
  const db = new DatabaseSync(file)
  try {
    const rows = db.prepare(
      'SELECT e.event_id AS id, t.state FROM postern_events e LEFT JOIN postern_tasks t ON t.id >> 16 = e.id',
    )
    for (const { id, state } of rows.all()) {
      events.add(String(id))
      if (state === 2) done.add(String(id))
    }
    const { n } = db
      .prepare('SELECT count(*) AS n FROM (SELECT id FROM effects GROUP BY id HAVING count(*) > 1)')
      .get() as { n: number }
    return { events, done, effects: n }
  } finally {
    db.close()
  }
}
