import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDurable, type DurableName } from '../services/inboxes.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { openDestination, type ShakyDestination } from './destinations.ts'
import { launch, type Launched } from './launch.ts'
import { post } from './requests.ts'

export interface ForwardReport {
  readonly events: number
  readonly destinations: number
  readonly kills: number
  /** Number of requests to the destinations. `failures` counts the failed ones. */
  readonly requests: number
  readonly failures: number
  /** Number of pairs of event and destination without a delivery. */
  readonly lost: number
  readonly dead: number
  /** Number of repeated deliveries that a destination accepted. */
  readonly repeated: number
  /** Number of pairs with several `webhook-id`s, plus the number of ids that several events share. */
  readonly wrongIds: number
  readonly unsigned: number
  readonly seconds: number
}

/** Forwards `events` events to ten destinations that fail at random, and kills the forwarder `kills` times. */
export async function forwardRun(events: number, kills: number): Promise<ForwardReport> {
  const started = performance.now()
  const folder = await temporaryFolder('forward')
  const sites = await Promise.all(Array.from({ length: 10 }, () => openDestination(0.2)))
  const file = join(folder, 'inbox.db')
  const start = (): Promise<Launched> =>
    startForwarder('sqlite', file, ...sites.map((site) => site.url))
  let victim = await start()
  const taken = (): number => sites.reduce((sum, site) => sum + site.events.size, 0)
  let url: string | undefined = victim.url
  try {
    const feeding = feed(events, () => url)
    const all = events * sites.length
    for (let kill = 1; kill <= kills; kill++) {
      // Waits, so that the kills are evenly spread over the run.
      while (taken() < (all * kill) / (kills + 1)) await sleep(5)
      victim.child.kill('SIGKILL')
      url = undefined
      await victim.ended
      victim = await start()
      url = victim.url
    }
    await feeding
    const dead = await untilSettled(file)
    return {
      events,
      destinations: sites.length,
      kills,
      requests: sites.reduce((sum, site) => sum + site.counts.requests, 0),
      failures: sites.reduce((sum, site) => sum + site.counts.failures, 0),
      ...judge(sites, events),
      dead,
      unsigned: sites.reduce((sum, site) => sum + site.unsigned, 0),
      seconds: Math.round((performance.now() - started) / 100) / 10,
    }
  } finally {
    victim.child.kill('SIGKILL')
    await victim.ended
    await Promise.all(sites.map((site) => site.close()))
    await removeFolder(folder)
  }
}

/** Delivers each event until it is acknowledged. */
async function feed(events: number, url: () => string | undefined): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      while (next < events) {
        const id = `e${next++}`
        const event = { topic: 'thing.happened', id, payload: { id } }
        for (let to = url(); !to || (await post(to, event)) !== 200; to = url()) await sleep(10)
      }
    }),
  )
}

// Time limit in milliseconds for a run that hangs.
const PATIENCE = 300_000

/** Waits until the inbox has no open task. Returns the number of dead tasks. */
async function untilSettled(file: string): Promise<number> {
  const inbox = await openDurable('sqlite', file)
  const late = performance.now() + PATIENCE
  try {
    for (;;) {
      const all = (await inbox.view!.stats()).map(({ counts }) => counts)
      const sum = (of: 'pending' | 'running' | 'dead'): number =>
        all.reduce((total, counts) => total + counts[of], 0)
      if ((all.length > 0 && sum('pending') + sum('running') === 0) || performance.now() > late)
        return sum('dead')
      await sleep(100)
    }
  } finally {
    await inbox.close()
  }
}

function judge(
  sites: readonly ShakyDestination[],
  events: number,
): { lost: number; repeated: number; wrongIds: number } {
  let lost = 0
  let repeated = 0
  let wrongIds = 0
  for (const site of sites) {
    const ids = new Set<string>()
    for (let at = 0; at < events; at++) {
      const one = site.events.get(`e${at}`)
      if (!one || one.taken === 0) lost++
      else repeated += one.taken - 1
      if (one && one.ids.size !== 1) wrongIds++
      for (const id of one?.ids ?? []) {
        if (ids.has(id)) wrongIds++
        ids.add(id)
      }
    }
  }
  return { lost, repeated, wrongIds }
}

/** Starts a process that accepts deliveries and forwards them to all URLs. */
export function startForwarder(
  inbox: DurableName,
  store: string,
  ...to: readonly string[]
): Promise<Launched> {
  return launch([fileURLToPath(new URL('forward-victim.ts', import.meta.url)), inbox, store, ...to])
}
