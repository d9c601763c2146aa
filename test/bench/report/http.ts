import type { HttpColumn } from '../parts/http.ts'
import type { Picture, Table, Target } from './part.ts'

/** Returns the tables of ratios and of microseconds. */
export function httpTables(columns: readonly HttpColumn[]): readonly Table[] {
  const json = columns.filter(({ title }) => !/form|XML/.test(title))
  const other = columns.filter(({ title }) => /form|XML/.test(title))
  return [
    {
      title: 'Requests per CPU second, relative to hand-written node:http',
      note: 'JSON bodies, 64 keep-alive connections, unique ids. Higher is better; 1.00 is a receiver written by hand on node:http that collects, verifies, parses, looks up a handler and answers, and does nothing else. In brackets: microseconds of CPU time a request.',
      ...rows(json),
    },
    {
      title: 'Forms and XML',
      note: 'The same, against hand-written receivers of Twilio forms (sorted fields, HMAC-SHA1) and of XML (HMAC, fast-xml-parser).',
      ...rows(other),
    },
    {
      title: 'Throughput and memory at 1 KB',
      note: 'As far as 64 connections and one core for the load go; durable inboxes share the machine with their database. RSS after the last round.',
      head: ['subject', 'requests/s', 'RSS MiB'],
      rows: [...(json[0]?.measured.values() ?? [])].map(({ name, rate, rss }) => [
        label(name),
        rate.toFixed(0),
        (rss / 2 ** 20).toFixed(0),
      ]),
    },
  ]
}

export function httpTargets(columns: readonly HttpColumn[]): readonly Target[] {
  const sizes = ['1 KB', '8 KB', '100 KB'] as const
  const cap = (title: string, name: string): number | undefined =>
    columns.find((column) => column.title === title)?.measured.get(name)?.cap
  const targets: Target[] = []
  const hold = (
    what: string,
    got: number | undefined,
    bounds: Omit<Target, 'what' | 'got'>,
  ): void => {
    if (got !== undefined) targets.push({ what, got, ...bounds })
  }
  sizes.forEach((size, at) => {
    for (const [name, bounds, goals] of ABSOLUTE)
      hold(`${plain(name)}, ${size}`, cap(size, name), { bound: bounds[at]!, goal: goals[at]! })
    for (const framework of ['koa', 'fastify', 'hono']) {
      const ours = cap(size, `${framework}-postern`)
      const theirs = cap(size, `${framework}-by-hand`)
      const ratio = ours === undefined || theirs === undefined ? undefined : ours / theirs
      const what = `Postern against hand-written, both on ${FRAMEWORKS[framework]}, ${size}`
      hold(what, ratio, { bound: [0.9, 0.92, 0.96][at]!, goal: 1 })
    }
    for (const peer of ['octokit', 'stripe', 'svix', 'standardwebhooks', 'bolt', 'tern']) {
      const ours = cap(size, 'express-postern')
      const theirs = cap(size, `express-${peer}`)
      const ratio = ours === undefined || theirs === undefined ? undefined : ours / theirs
      const own = PEER_BOUNDS[peer]?.[at]
      hold(
        `Postern against ${peer}, both on Express, ${size}`,
        ratio,
        own ? { bound: own[0], goal: own[1] } : { bound: 1.15, tie: 1 / 1.15 },
      )
    }
  })
  return targets
}

/** Returns the picture of the README, with the subjects on node:http and Express. */
export function httpBars([column]: readonly HttpColumn[]): readonly Picture[] {
  const bars = [...(column?.measured.values() ?? [])]
    .filter(({ name }) => /^(node|express)-(?!bare)/.test(name))
    .map(({ name, cap }) => ({ label: plain(name), value: cap, ours: name.includes('postern') }))
    .toSorted((a, b) => b.value - a.value)
  const title = 'Requests per CPU second at 1 KB, relative to hand-written node:http'
  return [{ kind: 'bars', file: 'http-1kb.svg', title, bars }]
}

const ABSOLUTE: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ['node-postern', [1.15, 1.1, 0.84], [1.35, 1.25, 0.92]],
  ['express-postern', [0.9, 0.95, 0.78], [1.05, 1.05, 0.85]],
  ['node-postern-sqlite', [0.62, 0.6, 0.52], [0.78, 0.74, 0.62]],
  ['node-postern-postgres', [0.5, 0.5, 0.4], [0.62, 0.62, 0.52]],
]

// Peers whose bounds differ from the common ones. Octokit does the least work in addition to the signature.
const PEER_BOUNDS: Readonly<Record<string, readonly (readonly [bound: number, goal: number])[]>> = {
  octokit: [
    [1.6, 2],
    [1.35, 1.55],
    [0.92, 1],
  ],
}

function rows(columns: readonly HttpColumn[]): Pick<Table, 'head' | 'rows'> {
  const names = [...new Set(columns.flatMap(({ measured }) => [...measured.keys()]))]
  return {
    head: ['subject', ...columns.map(({ title }) => title)],
    rows: names.map((name) => [
      label(name),
      ...columns.map(({ measured }) => {
        const one = measured.get(name)
        return one ? `${one.cap.toFixed(2)} (${one.micros.toFixed(one.micros < 100 ? 1 : 0)})` : '–'
      }),
    ]),
  }
}

/** Like {@link plain}, with Postern in bold. */
function label(name: string): string {
  return plain(name).replace(/^Postern[^,]*/, '**$&**')
}

/** Turns `express-postern` into `Postern, Express`. */
function plain(name: string): string {
  const [framework = '', ...rest] = name.split('-')
  const what = rest
    .join(' ')
    .replace(/^postern/, 'Postern')
    .replace(/^by hand/, 'hand-written')
    .replace('postgres', 'PostgreSQL')
    .replace('sqlite', 'SQLite')
    .replace('hand-written SQLite', 'hand-written + INSERT')
    .replace('bullmq', 'BullMQ')
    .replace('xml', 'XML')
  return `${what}, ${FRAMEWORKS[framework] ?? framework}`
}

const FRAMEWORKS: Readonly<Record<string, string>> = {
  node: 'node:http',
  express: 'Express',
  koa: 'Koa',
  fastify: 'Fastify',
  hono: 'Hono',
  next: 'Next.js',
}
