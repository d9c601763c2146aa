import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteInbox } from '@postern/sqlite'
import { afterAll, expect, test } from 'vitest'
import { fillDay } from '../../examples/start/day/fill.ts'
import { HOUR, SILENT } from '../../examples/start/day/plan.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-day-'))
const inbox = sqliteInbox({ path: join(folder, 'day.db') })
afterAll(async () => {
  await inbox.close()
  rmSync(folder, { recursive: true })
})

const secret = 'a secret of the demonstration'
const secrets = {
  github: secret,
  shopify: secret,
  stripe: secret,
  twilio: secret,
  slack: secret,
  standardWebhooks: `whsec_${btoa(secret)}`,
  linear: secret,
  bank: secret,
  sensor: secret,
}

test(
  'npm start fills an empty inbox with a day that has its troubles',
  { timeout: 300_000 },
  async () => {
    const end = Date.now()
    const count = await fillDay(inbox, secrets)
    expect(count).toBeGreaterThan(2000)

    const range = { from: end - 25 * HOUR, to: Date.now() + HOUR, step: 30 * HOUR }
    const outcomes = await inbox.journal!.history(range)
    const by = new Map<string, number>()
    for (const bucket of outcomes)
      if (bucket.kind === 'delivery')
        by.set(bucket.value, (by.get(bucket.value) ?? 0) + bucket.count)
    expect([...by.values()].reduce((sum, each) => sum + each, 0)).toBe(count)
    expect(by.get('accepted')).toBeGreaterThan(1000)
    expect(by.get('duplicate')).toBeGreaterThan(20)
    expect(by.get('unhandled')).toBeGreaterThan(100)
    expect(by.get('handshake')).toBe(1)
    expect(new Set(outcomes.map(({ receiver }) => receiver)).size).toBe(9)

    const codes = await inbox.journal!.history({ ...range, by: 'code' })
    expect(new Set(codes.map((bucket) => 'value' in bucket && bucket.value))).toEqual(
      new Set(['missing_header', 'signature_mismatch', 'timestamp_too_old']),
    )

    const [cause] = await inbox.view!.causes()
    expect(cause).toMatchObject({ sample: { message: /SMTP 421/ } })
    expect(cause!.subscriptions.map(({ subscription }) => subscription)).toContain('mail')
    const [last] = (await inbox.journal!.deliveries({ receiver: SILENT.source, limit: 1 })).rows
    expect(end - last!.at).toBeGreaterThan(SILENT.before - HOUR)

    const { rows } = await inbox.view!.list({ subscription: 'mail', state: 'done', limit: 20 })
    for (const { duration } of rows) expect(duration).toBeGreaterThan(200)

    expect(await fillDay(inbox, secrets)).toBeUndefined()
  },
)
