import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Inbox } from '@postern/core/inbox'
import { durables, openDurable, type DurableName } from '../../services/inboxes.ts'
import { delivery, ID_HEADERS } from '../deliveries.ts'
import type { ServerUse } from '../http/messages.ts'
import { startLoader, startServer, type Loader, type RunningServer } from '../http/processes.ts'
import type { PartResult, ServedEffort, Table, Target } from '../report/part.ts'

const CONNECTIONS = 64
const MIB = 2 ** 20
const A_MILLION_A_MINUTE = 1_000_000 / 60

/** Inbox to load, and the number of processes that share its work. */
interface Case {
  readonly name: DurableName
  readonly subject: string
  readonly processes: number
  readonly seconds: number
  readonly env: Readonly<Record<string, string>>
  open(): Promise<Inbox>
  /** Returns the size of the store in bytes. */
  weigh(): Promise<number>
}

/**
 * Measures the rate that durable inboxes sustain for minutes, with every delivery acknowledged, handled and settled.
 */
export async function sustained({ quick, env }: ServedEffort): Promise<PartResult> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sustained-'))
  const file = join(folder, 'webhooks.db')
  const [redis, postgres] = [env['BENCH_REDIS'], env['BENCH_POSTGRES']]
  const tables: Table[] = []
  const targets: Target[] = []
  const loader = await startLoader()
  try {
    const sqlite = await serve(loader, {
      name: 'sqlite',
      subject: 'node-postern-sqlite',
      processes: 1,
      seconds: quick ? 20 : 300,
      env: { BENCH_SQLITE: file },
      open: () => openDurable('sqlite', file),
      weigh: await durables.sqlite.weigh(file),
    })
    tables.push(sqlite.table)
    targets.push({
      what: 'A million a minute: SQLite, 1 KB, one process, deliveries a second acknowledged and settled',
      got: sqlite.rate,
      bound: A_MILLION_A_MINUTE,
      digits: 0,
    })
    const shared = { processes: 2, seconds: quick ? 20 : 60, env: env }
    if (postgres !== undefined)
      tables.push(
        (
          await serve(loader, {
            ...shared,
            name: 'postgres',
            subject: 'node-postern-postgres',
            open: () => openDurable('postgres', postgres, { schema: 'bench_http' }),
            weigh: await durables.postgres.weigh(postgres),
          })
        ).table,
      )
    if (redis !== undefined)
      tables.push(
        (
          await serve(loader, {
            ...shared,
            name: 'bullmq',
            subject: 'node-postern-bullmq',
            open: () => openDurable('bullmq', redis, { prefix: '{http}' }),
            weigh: await durables.bullmq.weigh(redis),
          })
        ).table,
      )
  } finally {
    await loader.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { tables, targets }
}

async function serve(
  loader: Loader,
  one: Case,
): Promise<{ readonly table: Table; readonly rate: number }> {
  const { name, subject, processes, seconds: length, env } = one
  const servers: RunningServer[] = []
  for (let at = 0; at < processes; at++) servers.push(await startServer(subject, env))
  const rows: string[][] = []
  let acknowledged = 0
  let settled = 0
  let seconds = 0
  const started = performance.now()
  let before = await sumOf(servers)
  try {
    for (let at = 10; at <= length; at += 10) {
      const { requests, rejected, milliseconds } = await loader.run({
        port: servers[0]!.port,
        path: '/hook',
        ...delivery('github', 1024),
        idHeader: ID_HEADERS.github,
        connections: CONNECTIONS,
        time: 10_000,
      })
      const turnedAway = Object.values(rejected).reduce((sum, count) => sum + count, 0)
      acknowledged += requests - turnedAway
      const after = await sumOf(servers)
      const taken = requests - turnedAway
      rows.push([
        String(at),
        ((taken / milliseconds) * 1000).toFixed(0),
        (((after.handled - before.handled) / milliseconds) * 1000).toFixed(0),
        String(turnedAway),
        ((after.cpu - before.cpu) / Math.max(taken, 1)).toFixed(1),
        (after.rss / MIB).toFixed(0),
        ((await one.weigh()) / MIB).toFixed(0),
      ])
      console.log(`sustained: ${name} ${rows.at(-1)!.join(' ')}`)
      before = after
    }
    seconds = (performance.now() - started) / 1000
    settled = await settledIn(await one.open(), acknowledged)
  } finally {
    for (const server of servers) await server.end()
  }
  if (settled !== acknowledged)
    throw new Error(
      `${subject}: ${acknowledged} were acknowledged, and ${settled} are settled in the store`,
    )
  const rate = acknowledged / seconds
  const two = processes === 1 ? 'one process' : `${processes} processes, one of which is sent them`
  return {
    rate,
    table: {
      title: `Sustained: ${durables[name].title}, ${length} s`,
      note: `Deliveries of 1 KB with ids of their own over 64 connections, handlers run, ${two}; the load generator has the other core, and databases share both. ${acknowledged.toLocaleString('en')} were acknowledged, ${rate.toFixed(0)} a second; as many are settled in the store at the end.`,
      head: [
        'second',
        'taken/s',
        'handled/s',
        'rejected',
        'CPU µs/delivery',
        'RSS MiB',
        'store MiB',
      ],
      rows,
    },
  }
}

async function sumOf(servers: readonly RunningServer[]): Promise<ServerUse> {
  const all = await Promise.all(servers.map((server) => server.use()))
  return all.reduce((sum, one) => ({
    cpu: sum.cpu + one.cpu,
    rss: sum.rss + one.rss,
    handled: sum.handled + one.handled,
  }))
}

/** Returns the number of done tasks, once no task is left or after one minute. */
async function settledIn(inbox: Inbox, due: number): Promise<number> {
  try {
    for (let tries = 0; ; tries++) {
      const stats = await inbox.view!.stats()
      const done = stats.reduce((sum, { counts }) => sum + counts.done, 0)
      if (done >= due || tries === 60) return done
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  } finally {
    await inbox.close()
  }
}
