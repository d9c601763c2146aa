import { setTimeout as sleep } from 'node:timers/promises'
import { acme } from '@postern/testing'
import { readJournal } from './journal.ts'
import { launch } from './launch.ts'
import { startSender, type Sender } from './sender.ts'
import { SECRET } from './secrets.ts'
import { settledLog } from './settled-log.ts'

export interface CrashTarget {
  /** Program and arguments of a victim, which accepts deliveries and runs tasks. */
  readonly victim: readonly string[]
  readonly journal: string
  /** Returns the completed tasks of the store, as `subscription event`. */
  readonly settled: () => Promise<readonly string[]> | readonly string[]
  /** Returns the number of running tasks in the store. */
  readonly running: () => Promise<number> | number
  /** Names of the subscriptions of each event. */
  readonly subscriptions: readonly string[]
}

export interface CrashReport {
  readonly kills: number
  /** Number of kills during deliveries and tasks. */
  readonly busyKills: number
  readonly delivered: number
  readonly acknowledged: number
  /** Tasks of acknowledged events that were not done at the end. */
  readonly lost: number
  /** Events that were accepted as new twice. */
  readonly newTwice: number
  /** Runs of tasks that the store had reported as completed. */
  readonly ranAfterSettled: number
  /** Runs interrupted between effect and outcome, and so repeated: unavoidable. */
  readonly repeated: number
  /** Effects that would be doubled if keyed by `task.idempotencyKey`: keys beyond one per event. */
  readonly doubleByKey: number
}

const provider = acme({ secret: SECRET })
/** Minimum number of acknowledged events per kill, so that a fast process is not killed before it accepts any. */
const LEAST = 12

/**
 * Runs two processes that accept deliveries and run tasks, and kills them in turn, for a number of rounds or minutes.
 * Some events reach both in parallel. Then all work is finished.
 */
export async function crashRun(
  target: CrashTarget,
  rounds: number,
  minutes: number = Infinity,
): Promise<CrashReport> {
  const last = performance.now() + minutes * 60_000
  const victims = [await launch(target.victim), await launch(target.victim)]
  const urls = victims.map(({ url }) => url)
  let turn = 0
  const url = (): string | undefined => urls[turn++ % 2] ?? urls[turn % 2]
  const sender = startSender({ url, compose, concurrency: 24, again: 0.05, atOnce: 0.1 })
  const settled = settledLog(target.journal)
  let kills = 0
  let busyKills = 0
  for (; kills < rounds && performance.now() < last; kills++) {
    await sleep(40 + Math.random() * 160)
    // On a busy machine, the last process may not have started its work yet.
    const busy = await untilBusy(target, sender, (kills + 1) * LEAST)
    const at = Math.random() < 0.5 ? 0 : 1
    const victim = victims[at]!
    const accepting = sender.underway > 0
    urls[at] = undefined
    victim.child.kill('SIGKILL')
    await victim.ended
    // A slow store may list no running task although one ran shortly before.
    if (accepting && (busy || (await running(target)) > 0)) busyKills++
    settled.note(await target.settled())
    victims[at] = await launch(target.victim)
    urls[at] = victims[at].url
  }
  await sender.finish()
  const expected = [...sender.acknowledged].flatMap((id) =>
    target.subscriptions.map((name) => `${name} ${id}`),
  )
  const lost = await untilSettled(target, expected)
  for (const { child, ended } of victims) {
    child.kill('SIGKILL')
    await ended
  }
  return {
    kills,
    busyKills,
    delivered: sender.counts.sent,
    acknowledged: sender.acknowledged.size,
    lost,
    ranAfterSettled: settled.ranAgain(),
    ...judge(readJournal(target.journal)),
  }
}

/** A new process may not have created its tables yet: then nothing runs. */
async function running(target: CrashTarget): Promise<number> {
  try {
    return await target.running()
  } catch {
    return 0
  }
}

/** Returns true once `least` events are acknowledged and both deliveries and tasks run; false after ten seconds. */
async function untilBusy(target: CrashTarget, sender: Sender, least: number): Promise<boolean> {
  const late = performance.now() + 10_000
  while (performance.now() < late) {
    const enough = sender.acknowledged.size >= least
    if (enough && sender.underway > 0 && (await running(target)) > 0) return true
    await sleep(2)
  }
  return false
}

/** Returns the number of open tasks once no further task completes. */
async function untilSettled(target: CrashTarget, expected: readonly string[]): Promise<number> {
  let left = expected.length
  // An interrupted task may wait for eight seconds, and a process may start slowly on a busy machine.
  for (let quiet = 0; quiet < 300; quiet++) {
    const settled = new Set(await target.settled())
    const missing = expected.filter((task) => !settled.has(task)).length
    if (missing === 0) return 0
    if (missing < left) quiet = 0
    left = missing
    await sleep(100)
  }
  return left
}

type Judged = Pick<CrashReport, 'newTwice' | 'repeated' | 'doubleByKey'>

function judge(lines: readonly string[]): Judged {
  const answered = lines.filter((line) => line.startsWith('new '))
  const runs = lines.map((line) => line.split(' ').slice(1, 3).join(' '))
  // The plain handler never fails: each run after the first follows an interruption.
  const plain = runs.filter((task) => task.startsWith('plain '))
  const events = new Set(plain).size
  const keys = new Set(
    lines.filter((line) => line.startsWith('run plain ')).map((line) => line.split(' ')[3]),
  )
  return {
    newTwice: answered.length - new Set(answered).size,
    repeated: plain.length - events,
    doubleByKey: keys.size - events,
  }
}

function compose(id: string): { headers: Record<string, string>; body: string } {
  const signed = provider.sign!({
    id,
    topic: 'thing.happened',
    payload: { id, text: 'x'.repeat(400) },
  })
  return { headers: { ...signed.headers }, body: new TextDecoder().decode(signed.body) }
}
