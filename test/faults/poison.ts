import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { InboxView, TaskInfo } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { openDurable, startStore, type DurableName } from './inboxes.ts'
import { readJournal } from './journal.ts'
import { launch, type Launched } from './launch.ts'
import { SECRET } from './secrets.ts'

/** What came of tasks that kill their process, beside healthy ones. */
export interface PoisonReport {
  /** Deaths of the process. */
  readonly deaths: number
  readonly healthy: number
  readonly healthyDone: number
  /** Healthy tasks that were given up. */
  readonly healthyDead: number
  readonly poison: number
  /** Poison tasks that are dead by that name. */
  readonly poisonFound: number
  /** Deploys by SIGTERM in the middle of work, and attempts they used up. */
  readonly deploys: number
  readonly attemptsUsed: number
  readonly seconds: number
}

const provider = acme({ secret: SECRET })
const WAVE = 8

/**
 * Sends waves of eight healthy tasks with one that kills the process, until it died often enough; then deploys under load;
 * then waits until all tasks are settled.
 */
export async function poisonRun(
  name: DurableName,
  deaths: number,
  deploys: number,
): Promise<PoisonReport> {
  const { store, stop } = await startStore(name)
  const folder = mkdtempSync(join(tmpdir(), 'postern-poison-'))
  const journal = join(folder, 'journal')
  const program = fileURLToPath(new URL('poison-victim.ts', import.meta.url))
  const started = performance.now()
  let died = 0
  let over = false
  let victim = await launch([program, name, store, journal])
  const restarts = keepAlive()
  const inbox = openDurable(name, store, '1s')
  const view = inbox.view!
  let waves = 0
  try {
    while (died < deaths) {
      await wave(true)
      await settled(view, waves * WAVE - WAVE / 2)
    }
    await settled(view, waves * WAVE)
    await poisonEnded(view, waves)
    const before = died
    let deployed = 0
    for (; deployed < deploys; deployed++) {
      await wave(false)
      await running(view)
      const old = victim
      old.child.kill('SIGTERM')
      await old.ended
    }
    await settled(view, waves * WAVE)
    const healthy = await all(view, 'healthy')
    const poison = await all(view, 'poison')
    const attempts = readJournal(journal).filter((line) =>
      / done healthy .* [2-9]$/.test(` ${line}`),
    )
    return {
      deaths: before,
      healthy: waves * WAVE,
      healthyDone: healthy.filter(({ state }) => state === 'done').length,
      healthyDead: healthy.filter(({ state }) => state === 'dead').length,
      poison: poison.length,
      poisonFound: poison.filter(({ state, error }) => state === 'dead' && error?.name === 'poison')
        .length,
      deploys: deployed,
      attemptsUsed: attempts.length,
      seconds: Math.round((performance.now() - started) / 1000),
    }
  } finally {
    over = true
    victim.child.kill('SIGKILL')
    await restarts
    await inbox.close()
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }

  /** Starts the process again whenever it ended. */
  async function keepAlive(): Promise<void> {
    for (;;) {
      const { child, ended } = victim
      await ended
      if (over) return
      if (child.signalCode === 'SIGKILL') died++
      victim = await launch([program, name, store, journal])
    }
  }

  async function wave(withPoison: boolean): Promise<void> {
    const number = waves++
    for (let at = 0; at < WAVE; at++) await deliver('healthy', `h${number}-${at}`)
    if (withPoison) await deliver('poison', `p${number}`)
  }

  /** Delivers until it is acknowledged, as senders do. */
  async function deliver(topic: string, id: string): Promise<void> {
    for (;;) {
      const { url } = victim as Launched
      const signed = provider.sign!({ topic, id, payload: {}, url: url! })
      const reply = await fetch(url!, {
        method: 'POST',
        headers: signed.headers,
        body: signed.body as Uint8Array<ArrayBuffer>,
      }).catch(() => undefined)
      if (reply?.ok) return
      await sleep(50)
    }
  }
}

const PATIENCE = 300_000

async function settled(view: InboxView, count: number): Promise<void> {
  await until(async () => {
    const tasks = await all(view, 'healthy')
    return tasks.filter(({ state }) => state === 'done' || state === 'dead').length >= count
  })
}

async function poisonEnded(view: InboxView, count: number): Promise<void> {
  await until(async () => {
    const tasks = await all(view, 'poison')
    return tasks.filter(({ state }) => state === 'dead').length >= count
  })
}

async function running(view: InboxView): Promise<void> {
  await until(async () => (await all(view, 'healthy')).some(({ state }) => state === 'running'))
}

async function until(met: () => Promise<boolean>): Promise<void> {
  const late = performance.now() + PATIENCE
  while (performance.now() < late) {
    if (await met().catch(() => false)) return
    await sleep(100)
  }
}

async function all(view: InboxView, subscription: string): Promise<readonly TaskInfo[]> {
  const rows: TaskInfo[] = []
  let cursor: string | undefined
  do {
    const page = await view.list({ subscription, limit: 1000, ...(cursor && { cursor }) })
    rows.push(...(page.rows ?? []))
    cursor = page.cursor
  } while (cursor !== undefined)
  return rows
}
