import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { InboxName } from '../../packages/cli/src/inboxes.ts'
import { durables } from '../services/inboxes.ts'
import { summed, type SoakReport } from './bounds.ts'
import { startLoad, type Sample } from './load.ts'

const SAMPLES = 120
const PATIENCE = 120_000

/** Sends deliveries to an app at a steady rate and measures its resource usage. */
export async function soakRun(name: InboxName, minutes: number, rate: number): Promise<SoakReport> {
  // The inbox in memory gets a store too, but does not use it.
  const { store, stop } = await durables[name === 'memory' ? 'sqlite' : name].start()
  const program = fileURLToPath(new URL('app.ts', import.meta.url))
  // With this retention, kept data reaches its full size within the first quarter.
  const keep = `${Math.max(5, Math.round(minutes * 7))}s`
  const child = spawn(process.execPath, ['--expose-gc', program, name, store, keep], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const orphaned = (): boolean => child.kill('SIGKILL')
  process.once('exit', orphaned)
  try {
    const load = startLoad(await urlOf(child), rate)
    const samples: Sample[] = []
    const started = performance.now()
    for (let at = 1; at <= SAMPLES; at++) {
      await sleep(Math.max(0, started + (at * minutes * 60_000) / SAMPLES - performance.now()))
      samples.push(await ask(child))
    }
    await load.stop()
    let last = await ask(child)
    for (const late = performance.now() + PATIENCE; last.open > 0 && performance.now() < late;) {
      await sleep(500)
      last = await ask(child)
    }
    return {
      minutes,
      sent: load.sent(),
      acknowledged: load.acknowledged(),
      failed: load.failed(),
      done: last.done,
      dead: last.dead,
      // Each event has two tasks, one per subscription.
      lost: Math.max(0, load.acknowledged() - Math.floor((last.done + last.dead) / 2)),
      ...summed(samples),
    }
  } finally {
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
    process.off('exit', orphaned)
    await stop()
  }
}

async function ask(child: ChildProcess): Promise<Sample> {
  const answer = once(child, 'message')
  child.send('sample')
  return (await answer)[0] as Sample
}

async function urlOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stdout!)) {
    const port = /^ready (\d+)$/.exec(line)?.[1]
    if (port !== undefined) return `http://127.0.0.1:${port}/hooks`
  }
  throw new Error('the app ended before it was ready')
}
