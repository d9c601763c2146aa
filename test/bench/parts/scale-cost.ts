import { readdirSync, readFileSync } from 'node:fs'
import type { Inbox } from '@postern/core/inbox'
import { median } from '../../services/figures.ts'
import { compare, intakes, ours } from './settled.ts'

export const COST_HEAD: readonly string[] = [
  'inbox',
  'Node µs',
  'database µs',
  'KiB written',
  'KiB kept',
]

export interface CostOptions {
  readonly title: string
  readonly inbox: Inbox
  readonly bytes: number
  readonly quick: boolean
  /** Process id of the database. @default none */
  readonly pid?: number | undefined
  /** Returns the size of the store in bytes. @default none */
  readonly weigh?: () => Promise<number>
}

/** Returns a table row with the cost of a delivery from accept to settle. */
export async function costOf(options: CostOptions): Promise<string[]> {
  const { title, inbox, bytes, quick, pid, weigh } = options
  const contender = ours(inbox)
  const events = quick ? 1000 : 6000
  const rounds = 3
  // The first round opens connections and lets V8 compile, before anything is measured.
  await contender.round(intakes(bytes, 256))
  const before = { written: writtenBy(pid), kept: await weigh?.() }
  const [cost] = await compare([contender], {
    size: bytes,
    events,
    rounds,
    ...(pid !== undefined && { server: pid }),
  })
  const all = rounds * events + Math.ceil(events / 4)
  const written = writtenBy(pid) - before.written
  // Closing an SQLite file moves its write-ahead log into the file.
  await contender.close()
  const kept = (await weigh?.()) ?? 0
  return [
    `${title}, ${bytes / 1024} KB`,
    median(cost!.node).toFixed(1),
    pid === undefined ? '–' : median(cost!.server).toFixed(1),
    (written / all / 1024).toFixed(2),
    before.kept === undefined ? '–' : ((kept - before.kept) / all / 1024).toFixed(2),
  ]
}

/** Returns the bytes that this process, process `pid` and its children have written to disk. */
function writtenBy(pid: number | undefined): number {
  let bytes = writesOf('self')
  if (pid === undefined) return bytes
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name) && (Number(name) === pid || parentOf(name) === pid))
      bytes += writesOf(name)
  return bytes
}

function writesOf(process: string): number {
  try {
    return Number(/write_bytes: (\d+)/.exec(readFileSync(`/proc/${process}/io`, 'utf8'))?.[1])
  } catch {
    // The process has ended.
    return 0
  }
}

function parentOf(process: string): number | undefined {
  try {
    return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}
