import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomBy } from '../services/random.ts'
import { createDisk, REMAINS, type Disk, type Remains } from './disk.ts'
import { DATABASE, finish, judge } from './judge.ts'
import { traced, type Step } from './trace.ts'

/** What came of many power cuts. */
export interface CutReport {
  readonly deliveries: number
  readonly acknowledged: number
  /** Writes, syncs and moments of the run after its first acknowledgement. */
  readonly writes: number
  readonly syncs: number
  /** Disks that were looked at: each moment, in several ways of what remains. */
  readonly cuts: number
  /** Of these, disks on which an inbox went on to the end. */
  readonly finished: number
  /** Acknowledged events that a cut lost, effects without their settling or twice, and damaged files. */
  readonly lost: number
  readonly torn: number
  readonly damaged: number
  /** Acknowledged events that did not come to their one effect afterwards. */
  readonly unfinished: number
  /** Acknowledged events that the last cut would have lost if nothing had been synced: this run can tell. */
  readonly lostWithoutSyncs: number
  readonly seconds: number
}

/**
 * Lets an app take deliveries under strace, and cuts the power after each of its writes, syncs and replies: what no sync came
 * after may be there, or not, or in part. `finishEvery` is how many cuts come to one that is played to the end.
 */
export async function cutRun(
  deliveries: number,
  seed: number,
  finishEvery: number,
): Promise<CutReport> {
  const started = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'postern-trace-'))
  const program = fileURLToPath(new URL('victim.ts', import.meta.url))
  const random = randomBy(seed)
  const acknowledged: string[] = []
  const counts = {
    writes: 0,
    syncs: 0,
    cuts: 0,
    finished: 0,
    lost: 0,
    torn: 0,
    damaged: 0,
    unfinished: 0,
    lostWithoutSyncs: 0,
  }
  try {
    const steps = await traced({
      command: [
        process.execPath,
        program,
        join(folder, DATABASE),
        join(folder, 'journal'),
        String(deliveries),
      ],
      folder,
      database: DATABASE,
    })
    const disk = createDisk()
    for (const step of steps) {
      // What a sync was to make sure of is in every state before it.
      if (step.kind === 'sync') await look(disk, REMAINS)
      disk.apply(step)
      if (step.kind === 'journal' && step.line.startsWith('ack '))
        acknowledged.push(step.line.split(' ')[1]!)
      if (acknowledged.length > 0 && step.kind === 'write') counts.writes++
      if (acknowledged.length > 0 && step.kind === 'sync') counts.syncs++
      const one = REMAINS[Math.floor(random() * REMAINS.length)]!
      await look(disk, step.kind === 'journal' ? REMAINS : [one])
    }
    counts.lostWithoutSyncs = withoutSyncs(steps, acknowledged)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    deliveries,
    acknowledged: acknowledged.length,
    ...counts,
    seconds: Math.round((performance.now() - started) / 1000),
  }

  async function look(disk: Disk, ways: readonly Remains[]): Promise<void> {
    if (acknowledged.length === 0) return
    // Without open writes all ways are the same.
    for (const remains of disk.unsynced === 0 ? (['none'] as const) : ways) {
      const files = disk.cut(remains, random)
      const { lost, torn, integrity } = judge(files, acknowledged)
      counts.cuts++
      counts.lost += lost.length
      counts.torn += torn.length
      if (integrity !== 'ok') counts.damaged++
      if (counts.cuts % finishEvery !== 0) continue
      counts.finished++
      counts.unfinished += (await finish(files, acknowledged)).length
    }
  }
}

/** Events that are lost if the log is never synced after the first reply. */
function withoutSyncs(steps: readonly Step[], acknowledged: readonly string[]): number {
  const disk = createDisk()
  const first = steps.findIndex(({ kind }) => kind === 'journal')
  for (const [at, step] of steps.entries()) if (step.kind !== 'sync' || at < first) disk.apply(step)
  return judge(
    disk.cut('none', () => 0),
    acknowledged,
  ).lost.length
}
