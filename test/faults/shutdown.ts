import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { allTasks, durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { launch } from './launch.ts'
import type { ShutdownLoad, ShutdownSent } from './shutdown-sender.ts'

/** Result of ending busy processes with SIGTERM. */
export interface ShutdownReport {
  /** Milliseconds from the signal to the exit of each process, measured by the process. */
  readonly closed: readonly number[]
  /** The same times measured from outside. A busy machine delays both the signal and the exit. */
  readonly times: readonly number[]
  readonly delivered: number
  /** Number of requests without a reply or with another status than 2xx. */
  readonly lostRequests: number
  readonly because: string
  /** Number of acknowledged events that are not done after another process ran. */
  readonly lostEvents: number
  /** Number of exits with another code than 0. */
  readonly wrongExits: number
}

/** Time limit of the exit, in milliseconds. */
export const GRACE = 10_000

/** Starts a process and ends it under load on keep-alive connections, `runs` times. */
export async function shutdownRun(
  framework: string,
  name: DurableName,
  runs: number,
): Promise<ShutdownReport> {
  const { store, stop } = await durables[name].start()
  const program = fileURLToPath(new URL('shutdown-victim.ts', import.meta.url))
  const times: number[] = []
  const closed: number[] = []
  const acknowledged = new Set<string>()
  let delivered = 0
  let lostRequests = 0
  const because: string[] = []
  let wrongExits = 0
  try {
    for (let run = 0; run < runs; run++) {
      const victim = await launch([program, framework, name, store])
      const load: ShutdownLoad = { url: victim.url!, run, least: 200 }
      const sender = new Worker(new URL('shutdown-sender.ts', import.meta.url), {
        workerData: load,
      })
      await once(sender, 'message')
      const from = performance.now()
      victim.child.kill('SIGTERM')
      await victim.ended
      times.push(Math.round(performance.now() - from))
      closed.push(victim.told('closed'))
      if (victim.child.exitCode !== 0) wrongExits++
      sender.postMessage('over')
      const [sent] = (await once(sender, 'message')) as [ShutdownSent]
      for (const id of sent.acknowledged) acknowledged.add(id)
      delivered += sent.sent
      lostRequests += sent.lost
      for (const [why, count] of sent.because) because.push(`${why} × ${count}`)
    }
    return {
      closed,
      times,
      delivered,
      lostRequests,
      because: because.join(', '),
      lostEvents: await unfinished(name, store, acknowledged),
      wrongExits,
    }
  } finally {
    await stop()
  }
}

/** Runs another process. Returns the number of acknowledged events that are still not done. */
async function unfinished(
  name: DurableName,
  store: string,
  acknowledged: ReadonlySet<string>,
): Promise<number> {
  const program = fileURLToPath(new URL('shutdown-victim.ts', import.meta.url))
  const worker = await launch([program, 'node', name, store])
  const inbox = await openDurable(name, store, { lease: '1s' })
  const left = new Set(acknowledged)
  for (let tries = 0; tries < 300 && left.size > 0; tries++) {
    for (const { event } of await allTasks(inbox.view!, { state: 'done' })) left.delete(event.id!)
    if (left.size > 0) await sleep(100)
  }
  worker.child.kill('SIGKILL')
  await worker.ended
  await inbox.close()
  return left.size
}
