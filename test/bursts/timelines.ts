// `node test/bursts/timelines.ts` runs the same events without options, with `orderingKey` and with `debounce`. It
// writes their timelines into the guide.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createReceiver, memoryInbox, type SubscriptionOptions } from '@postern/core'
import { root } from '../run/report.ts'
import { provider } from './receiver.ts'

/** Handler run: the version that it got, and its start and end in milliseconds since the first event. */
export interface Drawn {
  readonly version: number
  readonly folded: number
  readonly began: number
  ended: number
}

// Time and version of each event, in milliseconds. Two versions arrive late.
const EVENTS = [
  [0, 1],
  [60, 2],
  [100, 4],
  [140, 3],
  [300, 5],
  [340, 7],
  [360, 6],
  [700, 8],
] as const
const TAKES = 120

const key = (): string => 'pull request 7'
const newest = ({ payload }: { readonly payload: unknown }): number =>
  (payload as { readonly version: number }).version

export const KINDS: Readonly<Record<string, SubscriptionOptions>> = {
  neither: {},
  orderingKey: { orderingKey: key },
  debounce: { debounce: { key, wait: '100ms', newest } },
}

/** Sends the events and returns their runs. `slower` multiplies all times. */
export async function draw(options: SubscriptionOptions, slower = 1): Promise<readonly Drawn[]> {
  const receiver = createReceiver({ provider, inbox: memoryInbox(), log: false })
  const runs: Drawn[] = []
  const first = performance.now()
  const now = (): number => (performance.now() - first) / slower
  receiver.on('push', { name: 'burst', ...options }, async ({ payload }, { folded }) => {
    const run = { version: newest({ payload }), folded, began: now(), ended: 0 }
    runs.push(run)
    await new Promise((resolve) => setTimeout(resolve, TAKES * slower))
    run.ended = now()
  })
  await Promise.all(
    EVENTS.map(async ([at, version]) => {
      await new Promise((resolve) => setTimeout(resolve, at * slower))
      await receiver.receive(
        provider.sign!({ id: `e${version}`, topic: 'push', payload: { version } }),
      )
    }),
  )
  await receiver.close()
  return runs
}

// Milliseconds per character.
const SCALE = 20
const START = '<!-- written by test/bursts/timelines.ts -->'

/** Returns text rows in which no two runs overlap. */
function rows(name: string, runs: readonly Drawn[]): readonly string[] {
  const lines: string[] = []
  for (const { version, began, ended } of runs) {
    const from = Math.round(began / SCALE)
    const length = Math.max(3, Math.round(ended / SCALE) - from)
    const free = lines.findIndex((line) => line.length <= from)
    const at = free < 0 ? lines.push('') - 1 : free
    lines[at] = `${lines[at]!.padEnd(from)}[${String(version).padEnd(length - 2, '=')}]`
  }
  return lines.map((line, at) => `${(at === 0 ? name : '').padEnd(14)}${line}`.trimEnd())
}

async function picture(): Promise<string> {
  const marks = EVENTS.reduce(
    (line, [at, version]) => line.padEnd(at / SCALE) + String(version),
    '',
  )
  const lines = [`${'version'.padEnd(14)}${marks}`]
  for (const [name, options] of Object.entries(KINDS))
    lines.push('', ...rows(name, await draw(options)))
  return `${START}\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`
}

if (process.argv[1] === import.meta.filename) {
  const page = join(root, 'packages/docs/pages/how-to/bursts.md')
  const text = readFileSync(page, 'utf8')
  const [before, after] = text.split(START) as [string, string]
  const end = after.indexOf('```\n', after.indexOf('```text') + 7) + 4
  writeFileSync(page, before + (await picture()) + after.slice(end))
}
