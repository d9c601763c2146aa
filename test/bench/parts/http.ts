import { startLoader } from '../http/processes.ts'
import { type GroupOptions, measureGroup, type Measured } from '../http/rounds.ts'
import { httpTables, httpTargets, httpBars } from '../report/http.ts'
import type { PartResult, ServedEffort } from '../report/part.ts'

// Names of rows in subjects.ts. In each group, the reference runs again and takes turns with the others. Only the
// servers of one group run, because an idle queue worker also uses CPU time.
const BY_HAND = 'node-by-hand'
const JSON_GROUPS: readonly Group[] = [
  {
    names: [
      'node-bare',
      'node-postern',
      'node-by-hand-sqlite',
      'node-postern-sqlite',
      'node-octokit',
      'node-bolt',
    ],
  },
  {
    names: [
      'express-by-hand',
      'express-postern',
      'express-octokit',
      'express-stripe',
      'express-standardwebhooks',
      'express-svix',
      'express-bolt',
      'express-tern',
    ],
  },
  {
    names: [
      'koa-by-hand',
      'koa-postern',
      'fastify-by-hand',
      'fastify-postern',
      'hono-by-hand',
      'hono-postern',
    ],
  },
  { names: ['node-postern-postgres'] },
  { names: ['node-postern-bullmq'], slow: true },
  { names: ['next-by-hand', 'next-postern'], slow: true },
]
const FORM_GROUPS: readonly Group[] = [
  { names: ['node-postern-form', 'express-postern-form', 'express-twilio'] },
]
const XML_GROUPS: readonly Group[] = [{ names: ['node-postern-xml'] }]
// Only the subjects that show the cost of a megabyte. With all subjects, this column would take longer than all others.
const LARGE_GROUPS: readonly Group[] = [
  { names: ['node-bare', 'node-postern', 'node-by-hand-sqlite', 'node-postern-sqlite'] },
  {
    names: [
      'express-by-hand',
      'express-postern',
      'express-octokit',
      'express-stripe',
      'express-svix',
      'express-tern',
    ],
  },
]

interface Group {
  readonly names: readonly string[]
  /** True for subjects that build up a backlog of seconds, such as BullMQ. They get fewer warm-up requests. */
  readonly slow?: boolean
}

// `warm` is the number of warm-up requests. It is not a time, because V8 compiles after a number of calls.
const COLUMNS = [
  { title: '1 KB', reference: BY_HAND, groups: JSON_GROUPS, bytes: 1024, warm: 45_000 },
  { title: '8 KB', reference: BY_HAND, groups: JSON_GROUPS, bytes: 8 * 1024, warm: 22_000 },
  { title: '100 KB', reference: BY_HAND, groups: JSON_GROUPS, bytes: 100 * 1024, warm: 5000 },
  { title: '1 MB', reference: BY_HAND, groups: LARGE_GROUPS, bytes: 1000 * 1024, warm: 300 },
  {
    title: 'form 1 KB',
    reference: `${BY_HAND}-form`,
    groups: FORM_GROUPS,
    bytes: 1024,
    warm: 15_000,
  },
  {
    title: 'form 8 KB',
    reference: `${BY_HAND}-form`,
    groups: FORM_GROUPS,
    bytes: 8 * 1024,
    warm: 6000,
  },
  { title: 'XML 1 KB', reference: `${BY_HAND}-xml`, groups: XML_GROUPS, bytes: 1024, warm: 10_000 },
  {
    title: 'XML 8 KB',
    reference: `${BY_HAND}-xml`,
    groups: XML_GROUPS,
    bytes: 8 * 1024,
    warm: 3000,
  },
]

/** Column of the tables, with its measurements. */
export interface HttpColumn {
  readonly title: string
  readonly measured: ReadonlyMap<string, Measured>
}

/** Measures the CPU time of a request over real connections, for every subject. */
export async function http({ quick, only, env }: ServedEffort): Promise<PartResult> {
  const leftOut: string[] = []
  const usable = (name: string): boolean =>
    (only === undefined || name.includes(only)) &&
    (env['BENCH_REDIS'] !== undefined || !name.includes('bullmq')) &&
    (env['BENCH_POSTGRES'] !== undefined || !name.includes('postgres'))
  const loader = await startLoader()
  const columns: HttpColumn[] = []
  try {
    for (const { title, reference, groups, bytes, warm } of COLUMNS) {
      const measured = new Map<string, Measured>()
      for (const { names, slow } of groups) {
        const used = names.filter(usable)
        if (used.length === 0) continue
        console.log(`http: ${title}, ${used.join(', ')}`)
        const found = await measureGroup(loader, {
          names: [reference, ...used],
          reference,
          env: env,
          bytes,
          ...effort(quick, slow ? warm / 8 : warm),
          leftOut(name, error) {
            leftOut.push(`${name}, ${title}: ${String(error)}`)
            console.log(`Left out: ${leftOut.at(-1)}`)
          },
        })
        for (const one of found) if (!measured.has(one.name)) measured.set(one.name, one)
      }
      columns.push({ title, measured })
    }
  } finally {
    await loader.stop()
  }
  return {
    tables: httpTables(columns),
    targets: httpTargets(columns),
    pictures: httpBars(columns),
    leftOut,
  }
}

function effort(quick: boolean, warm: number): Pick<GroupOptions, 'rounds' | 'time' | 'warmUp'> {
  return quick
    ? { rounds: 2, time: 200, warmUp: { time: 300, least: warm / 6, most: 1500 } }
    : { rounds: 7, time: 400, warmUp: { time: 500, least: warm, most: 4000 } }
}
