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

/** What {@link costOf} measures. */
export interface CostOptions {
  readonly title: string
  readonly inbox: Inbox
  readonly bytes: number
  readonly quick: boolean
  /** The process of its database. @default none */
  readonly pid?: number | undefined
  /** Bytes of its store. @default none */
  readonly weigh?: () => Promise<number>
}

/** A row: what a delivery costs from accept to settled. */
export async function costOf(options: CostOptions): Promise<string[]> {
  const { title, inbox, bytes, quick, pid, weigh } = options
  const contender = ours(inbox)
  const events = quick ? 1000 : 6000
  const rounds = 3
  // It opens and compiles before it is weighed.
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
  // Closed, a file has all that its log had.
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

/** Bytes that this process, that one and its children handed to the disk so far. */
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
    // It ended.
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
