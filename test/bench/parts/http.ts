import { type RunningServer, startLoader, startServer } from '../http/processes.ts'
import { measureColumn, type Measured } from '../http/rounds.ts'
import { httpTables, httpTargets, httpBars } from '../report/http.ts'
import type { Effort, PartResult } from '../report/part.ts'
import { availableServices } from '../services.ts'
import type { Subject } from '../subjects/subject.ts'

// The reference of each column stands first. A file of that name in subjects/ is all a subject needs.
const JSON_SUBJECTS = [
  'node-by-hand',
  'node-bare',
  'node-postern',
  'node-postern-sqlite',
  'node-postern-bullmq',
  'node-postern-pg-boss',
  'node-octokit',
  'node-bolt',
  'express-by-hand',
  'express-postern',
  'express-octokit',
  'express-stripe',
  'express-standardwebhooks',
  'express-svix',
  'express-bolt',
  'express-tern',
  'koa-by-hand',
  'koa-postern',
  'fastify-by-hand',
  'fastify-postern',
  'hono-by-hand',
  'hono-postern',
  'next-by-hand',
  'next-postern',
]
const FORM_SUBJECTS = [
  'node-by-hand-form',
  'node-postern-form',
  'express-postern-form',
  'express-twilio',
]
const XML_SUBJECTS = ['node-by-hand-xml', 'node-postern-xml']
// Those that say what a megabyte costs, or the row would take longer than all others.
const LARGE_SUBJECTS = [
  'node-by-hand',
  'node-bare',
  'node-postern',
  'node-postern-sqlite',
  'express-by-hand',
  'express-postern',
  'express-octokit',
  'express-stripe',
  'express-svix',
  'express-tern',
]

// `warm` is how many requests come first: what a subject runs gets compiled, and its heap settles, by calls and not by time.
const COLUMNS = [
  { title: '1 KB', names: JSON_SUBJECTS, bytes: 1024, warm: 45_000 },
  { title: '8 KB', names: JSON_SUBJECTS, bytes: 8 * 1024, warm: 22_000 },
  { title: '100 KB', names: JSON_SUBJECTS, bytes: 100 * 1024, warm: 5000 },
  { title: '1 MB', names: LARGE_SUBJECTS, bytes: 1000 * 1024, warm: 300 },
  { title: 'form 1 KB', names: FORM_SUBJECTS, bytes: 1024, warm: 15_000 },
  { title: 'form 8 KB', names: FORM_SUBJECTS, bytes: 8 * 1024, warm: 6000 },
  { title: 'XML 1 KB', names: XML_SUBJECTS, bytes: 1024, warm: 10_000 },
  { title: 'XML 8 KB', names: XML_SUBJECTS, bytes: 8 * 1024, warm: 3000 },
]

/** A column of the tables as it was measured. */
export interface HttpColumn {
  readonly title: string
  readonly measured: ReadonlyMap<string, Measured>
}

/** CPU time of a request, over real connections, for every subject. */
export async function http({ quick, only }: Effort): Promise<PartResult> {
  const services = await availableServices()
  const leftOut: string[] = []
  const usable = (name: string): boolean =>
    (only === undefined || name.includes(only) || name.startsWith('node-by-hand')) &&
    (services.env['BENCH_REDIS'] !== undefined || !name.includes('bullmq')) &&
    (services.env['BENCH_POSTGRES'] !== undefined || !name.includes('pg-boss'))
  const loader = await startLoader()
  const rounds = quick ? 2 : 5
  const time = quick ? 200 : 500
  const columns: HttpColumn[] = []
  const servers = new Map<string, RunningServer>()
  const stopServers = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.stop()))
    servers.clear()
  }
  try {
    for (const { title, names, bytes, warm } of COLUMNS) {
      const subjects = new Map<string, { subject: Subject; server: RunningServer }>()
      for (const name of names.filter(usable)) {
        const { subject } = (await import(`../subjects/${name}.ts`)) as { subject: Subject }
        // A database of its own in each column would only make more of them; tables grow as they do in use.
        const server = servers.get(name) ?? (await startServer(name, services.env))
        servers.set(name, server)
        subjects.set(name, { subject, server })
      }
      const warmUp = quick
        ? { time: 300, least: warm / 6, most: 1500 }
        : { time: 1000, least: warm, most: 4000 }
      console.log(`http: ${title}, ${subjects.size} subjects, ${rounds} rounds`)
      const measured = await measureColumn(loader, {
        subjects,
        reference: names[0]!,
        bytes,
        rounds,
        time,
        warmUp,
        leftOut(name, error) {
          leftOut.push(`${name}, ${title}: ${String(error)}`)
          console.log(`Left out: ${leftOut.at(-1)}`)
        },
      })
      columns.push({ title, measured: new Map(measured.map((one) => [one.name, one])) })
      // New ones for each column, as what a server met before can change what it costs; to start them takes long, though.
      if (!quick) await stopServers()
    }
  } finally {
    await stopServers()
    await loader.stop()
    await services.stop()
  }
  return {
    tables: httpTables(columns),
    targets: httpTargets(columns),
    pictures: httpBars(columns),
    leftOut,
  }
}
