import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { send, startExample, stripeEvent, type Example } from './example.ts'

const secret = 'whsec_of the example'
const [next, old] = [1, 2].map(() => `whsec_${randomBytes(24).toString('base64')}`)
const COUNT = 30

test('fan-out brings each event to the healthy system at once, and to the slow and the recovering one too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-fan-out-'))
  // Simulates a rotation: one system still has the old secret.
  const healthy = await startSystem('healthy', next!)
  const slow = await startSystem('slow', old!)
  const recovering = await startSystem('recovering', next!)
  const hub = await startExample('fan-out', {
    STRIPE_WEBHOOK_SECRET: secret,
    SYSTEMS_SECRET: `${next},${old}`,
    WEBHOOKS_DB: join(folder, 'webhooks.db'),
    LEDGER_URL: `http://127.0.0.1:${healthy.port}/`,
    MAILING_URL: `http://127.0.0.1:${slow.port}/`,
    REPORTS_URL: `http://127.0.0.1:${recovering.port}/`,
  })
  try {
    const replies = await Promise.all(
      Array.from({ length: COUNT }, (_, at) =>
        send(stripeEvent(secret, hub.port, `evt_${at}`, { id: 'in_1' })),
      ),
    )
    expect(replies.every((reply) => reply.status === 200)).toBe(true)
    await all(healthy)
    // The slow system gets eight events at a time, so it has not received all of them yet.
    expect(got(slow).length).toBeLessThan(COUNT)
    await Promise.all([all(recovering), all(slow)])
    for (const system of [healthy, slow, recovering])
      expect(new Set(got(system)).size).toBe(got(system).length)
  } finally {
    await Promise.all([hub, healthy, slow, recovering].map((each) => each.stop()))
    rmSync(folder, { recursive: true })
  }
})

function startSystem(manner: string, systemSecret: string): Promise<Example> {
  return startExample('fan-out', { SYSTEM_SECRET: systemSecret }, { args: ['system.ts', manner] })
}

/** Resolves when a system has received every event. */
async function all(system: Example): Promise<void> {
  await Promise.all(
    Array.from({ length: COUNT }, (_, at) => system.line(`got invoice.paid evt_${at} as `)),
  )
}

function got(system: Example): readonly string[] {
  return system.lines.filter((line) => line.startsWith('got '))
}
