import { setTimeout as sleep } from 'node:timers/promises'
import type { DurableName } from '../services/inboxes.ts'
import { reasonsIn, repeatedIn } from './poison.ts'
import { openWorld } from './world.ts'

/** Result of kills and deploys while tasks of two seconds run. */
export interface OutageReport {
  readonly kills: number
  readonly deploys: number
  readonly acknowledged: number
  readonly done: number
  /** Number of dead tasks. `because` has their errors. */
  readonly dead: number
  readonly because: string
  /** Number of runs with another attempt number than 1. No handler fails, so all of these are wrong. */
  readonly attemptsUsed: number
  readonly repeated: number
  readonly ranAfterSettled: number
  /** Number of deploys with another exit code than 0. `exitedBy` has the codes or signals. */
  readonly wrongExits: number
  readonly exitedBy: string
  /** Longest time that a deploy took to exit, in milliseconds. */
  readonly longestExit: number
  readonly seconds: number
}

/** Pause between kills, in milliseconds. It is on average three times as long as a task. */
const GAP = { least: 2000, most: 12_000 }
/** Milliseconds between events. */
const EVERY = 250
const PATIENCE = 180_000

/** Kills a busy process repeatedly, then deploys it repeatedly, and waits until all tasks are completed. */
export async function outageRun(
  name: DurableName,
  kills: number,
  deploys: number,
  minutes: number,
): Promise<OutageReport> {
  const started = performance.now()
  const last = started + minutes * 60_000
  const world = await openWorld(name)
  const busy = (): Promise<void> =>
    world.until(async () => (await world.count('healthy', 'running')) > 0, last)
  let killed = 0
  let deployed = 0
  const exits: string[] = []
  let longestExit = 0
  try {
    const feed = world.feed('healthy', EVERY)
    for (; killed < kills && performance.now() < last; killed++) {
      await sleep(GAP.least + Math.random() * (GAP.most - GAP.least))
      await busy()
      const old = world.victim()
      old.child.kill('SIGKILL')
      await world.until(() => world.victim() !== old, last)
    }
    for (; deployed < deploys && performance.now() < last; deployed++) {
      await busy()
      const old = world.victim()
      const from = performance.now()
      old.child.kill('SIGTERM')
      await old.ended
      const took = Math.round(performance.now() - from)
      longestExit = Math.max(longestExit, took)
      const { exitCode, signalCode } = old.child
      if (exitCode !== 0) exits.push(`${exitCode ?? signalCode} after ${took} ms`)
      await world.until(() => world.victim() !== old, last)
    }
    await feed.stop()
    const acknowledged = world.acknowledged('healthy')
    await world.until(
      async () => (await world.count('healthy', 'done', 'dead')) >= acknowledged,
      performance.now() + PATIENCE,
    )
    const lines = world.lines()
    return {
      kills: killed,
      deploys: deployed,
      acknowledged,
      done: await world.count('healthy', 'done'),
      dead: await world.count('healthy', 'dead'),
      because: reasonsIn(await world.tasks('healthy')),
      attemptsUsed: lines.filter((line) => /^run healthy \S+ (?!1$)/.test(line)).length,
      repeated: repeatedIn(lines),
      ranAfterSettled: world.ranAfterSettled(),
      wrongExits: exits.length,
      exitedBy: exits.join('; '),
      longestExit,
      seconds: Math.round((performance.now() - started) / 1000),
    }
  } finally {
    await world.close()
  }
}
