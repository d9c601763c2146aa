import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomBy } from '../services/random.ts'
import { createDisk, REMAINS, type Disk, type Remains } from './disk.ts'
import { DATABASE, finish, judge } from './judge.ts'
import { traced, type Step } from './trace.ts'

export interface CutReport {
  readonly deliveries: number
  readonly acknowledged: number
  /** Number of writes and syncs after the first acknowledgement. */
  readonly writes: number
  readonly syncs: number
  /** Number of checked disk states: several per moment of the run. */
  readonly cuts: number
  /** Number of these states on which an inbox continued to the end. */
  readonly finished: number
  /**
   * Number of acknowledged events that a cut lost. `torn` counts effects without their settled task or that exist
   * twice.
   */
  readonly lost: number
  readonly torn: number
  readonly damaged: number
  /** Number of acknowledged events that did not reach their one effect afterwards. */
  readonly unfinished: number
  /**
   * Number of acknowledged events that the last cut would lose if nothing had been synced. It shows that the run can
   * detect losses.
   */
  readonly lostWithoutSyncs: number
  readonly seconds: number
}

/**
 * Runs an app under strace and simulates a power cut after each of its writes, syncs and replies. Writes after the last
 * sync may then be on the disk fully, partly or not at all. Every `finishEvery`-th cut is continued by an inbox to the
 * end.
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
      // Checks all states before the sync is applied.
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
    // Without unsynced writes, all ways give the same state.
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

/** Returns the number of events that would be lost if the log were never synced after the first reply. */
function withoutSyncs(steps: readonly Step[], acknowledged: readonly string[]): number {
  const disk = createDisk()
  const first = steps.findIndex(({ kind }) => kind === 'journal')
  for (const [at, step] of steps.entries()) if (step.kind !== 'sync' || at < first) disk.apply(step)
  return judge(
    disk.cut('none', () => 0),
    acknowledged,
  ).lost.length
}
