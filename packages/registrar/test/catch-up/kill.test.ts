// Takes 10 s.
import { catchUp } from '../../src/index.ts'
import { spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sqliteInbox } from '@postern/sqlite'
import { expect, test, vi } from 'vitest'
import type { CaughtUp } from '@postern/core/internal'
import { COMPILED } from '../../../../test/services/compiled.ts'
import { GITHUB_TOKEN, startGithub } from '../fakes/github.ts'
import { startStripe, STRIPE_KEY } from '../fakes/stripe.ts'
import {
  busy,
  githubAway,
  githubDelivery,
  githubEvents,
  isSubscribed,
  NOW,
  numbers,
  once,
  SECRET,
  SINCE,
  sourceOptions,
  stripeAway,
  stripeEvent,
  stripeEvents,
  URL_OF_HOOK,
  wasDelivered,
} from './scene.ts'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
const missed = numbers.filter((at) => isSubscribed(at) && !wasDelivered(at))
const KILL_AT = 300

/** Starts a catch-up in another process and kills it in the middle. Returns the output. */
async function killed(sender: string, file: string, api: string): Promise<string> {
  const child = spawn(process.execPath, [CHILD, sender, file, api, String(KILL_AT)], {
    env: {
      PATH: process.env['PATH'],
      ...COMPILED,
      NOW: String(NOW),
      SINCE: String(SINCE),
      TOKEN: sender === 'github' ? GITHUB_TOKEN : STRIPE_KEY,
      SECRET,
      HOOK: URL_OF_HOOK,
    },
  })
  let printed = ''
  child.stderr.on('data', (text: Buffer) => void (printed += String(text)))
  const closed = event(child, 'close')
  for await (const line of createInterface(child.stdout)) {
    printed += `${line}\n`
    if (line === `taking ${KILL_AT}`) child.kill('SIGKILL')
  }
  expect(await closed).toEqual([null, 'SIGKILL'])
  return printed
}

test.concurrent.each(['github', 'stripe'] as const)(
  '%s: killed in the middle, it goes on there, and each event is handled once',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-'))
    const path = join(folder, 'webhooks.db')
    const fake =
      name === 'github'
        ? await startGithub({ deliveries: numbers.map((at) => githubDelivery(at)) })
        : await startStripe({ events: numbers.map((at) => stripeEvent(at)) })
    const printed = await killed(name, path, fake.url)
    for (const secret of [GITHUB_TOKEN, STRIPE_KEY, SECRET, 'a private title'])
      expect(printed).not.toContain(secret)

    const inbox = sqliteInbox({ path })
    const away = name === 'github' ? githubAway({ inbox }) : stripeAway({ inbox })
    const options = sourceOptions(fake)
    const source =
      name === 'github'
        ? githubEvents({ ...options.github, fetch: busy(fake) })
        : stripeEvents({ ...options.stripe, fetch: busy(fake) })
    const before = fake.requests.length
    // The dead process holds the account until its lease ends.
    await expect(catchUp(away.receiver, source, { since: SINCE })).rejects.toMatchObject({
      code: 'in_progress',
    })
    let result: CaughtUp | undefined
    await vi.waitFor(
      async () => (result = await catchUp(away.receiver, source, { since: SINCE })),
      {
        timeout: 60_000,
        interval: 500,
      },
    )
    for (const at of missed.slice(0, 20)) expect(await away.deliver(at)).toBe(200)
    await away.idle()

    expect(once(away.runs)).toBe(missed.length)
    const { resumedAt, topics, accepted, duplicates } = result!
    expect(resumedAt).toBeGreaterThan(SINCE)
    const [left] = Object.values(topics)
    // Progress is stored after 50 events at the latest.
    expect(left).toBeGreaterThanOrEqual(missed.length - KILL_AT - 50)
    expect(left).toBeLessThanOrEqual(missed.length - KILL_AT + 50)
    expect(accepted + duplicates).toBe(left)
    expect(duplicates).toBeLessThanOrEqual(50)
    if (name === 'github') expect(fake.requests.length - before).toBeLessThan((left! + 12) * 1.25)
    await away.receiver.close()
    await inbox.close()
    await fake.close()
    await rm(folder, { recursive: true })
    expect(fake.problems).toEqual([])
  },
  60_000,
)
