import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { acme } from '@postern/testing'
import { openDestination, type ShakyDestination } from './destinations.ts'
import { openDurable, type DurableName } from '../services/inboxes.ts'
import { launch, type Launched } from './launch.ts'
import { SECRET } from './secrets.ts'

export interface ForwardReport {
  readonly events: number
  readonly destinations: number
  readonly kills: number
  /** Requests to the destinations, and those that failed. */
  readonly requests: number
  readonly failures: number
  /** Pairs of event and destination without a delivery. */
  readonly lost: number
  /** Dead tasks. */
  readonly dead: number
  /** Further deliveries of an event that a destination accepted. */
  readonly repeated: number
  /** Pairs with several `webhook-id`s, and ids of several events. */
  readonly wrongIds: number
  readonly unsigned: number
  readonly seconds: number
}

/** Forwards this number of events to ten destinations that fail at random, with SIGKILLs in between. */
export async function forwardRun(events: number, kills: number): Promise<ForwardReport> {
  const started = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'postern-forward-'))
  const sites = await Promise.all(Array.from({ length: 10 }, () => openDestination(0.2)))
  const args = ['sqlite', join(folder, 'inbox.db'), ...sites.map((site) => site.url)] as const
  let victim = await startForwarder(...args)
  const taken = (): number => sites.reduce((sum, site) => sum + site.events.size, 0)
  let url: string | undefined = victim.url
  try {
    const feeding = feed(events, () => url)
    const all = events * sites.length
    for (let kill = 1; kill <= kills; kill++) {
      // Spreads the kills over the run by accepted events.
      while (taken() < (all * kill) / (kills + 1)) await sleep(5)
      victim.child.kill('SIGKILL')
      url = undefined
      await victim.ended
      victim = await startForwarder(...args)
      url = victim.url
    }
    await feeding
    const dead = await untilSettled(args[1])
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
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Delivers each event until it is acknowledged, as providers do. */
async function feed(events: number, url: () => string | undefined): Promise<void> {
  const provider = acme({ secret: SECRET })
  let next = 0
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      while (next < events) {
        const id = `e${next++}`
        const { headers, body } = provider.sign!({ id, topic: 'thing.happened', payload: { id } })
        while (!(await post(url(), headers, Uint8Array.from(body)))) await sleep(10)
      }
    }),
  )
}

async function post(
  url: string | undefined,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (url === undefined) return false
  try {
    const reply = await fetch(url, { method: 'POST', headers: { ...headers }, body })
    await reply.arrayBuffer()
    return reply.ok
  } catch {
    return false
  }
}

// Limit for a run that hangs, in milliseconds.
const PATIENCE = 300_000

/** Waits until no task is open in a file, and returns the number of dead tasks. */
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

/** Starts a process that accepts deliveries into a store and forwards them to all URLs. */
export function startForwarder(
  inbox: DurableName,
  store: string,
  ...to: readonly string[]
): Promise<Launched> {
  return launch([fileURLToPath(new URL('forward-victim.ts', import.meta.url)), inbox, store, ...to])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const events = Number(process.argv[2] ?? process.env['FORWARD_EVENTS'] ?? 10_000)
  console.table({ forward: await forwardRun(events, 3) })
}
