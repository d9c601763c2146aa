// Takes 30 s.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { send, startExample, stripeEvent } from './example.ts'

const secret = 'whsec_of the example'

test('express-sqlite books what it acknowledged exactly once, over kill -9 and redeliveries', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-express-sqlite-'))
  const env = { STRIPE_WEBHOOK_SECRET: secret, WEBHOOKS_DB: join(folder, 'webhooks.db') }
  const invoices = Array.from({ length: 40 }, (_, at) => ({ id: `evt_${at}`, invoice: `in_${at}` }))
  try {
    const first = await startExample('express-sqlite', env)
    const replies = await Promise.all(invoices.map((one) => send(sign(first.port, one))))
    expect(replies.every((reply) => reply.status === 200)).toBe(true)
    await first.stop()

    const second = await startExample('express-sqlite', env)
    await Promise.all(invoices.map((one) => send(sign(second.port, one))))
    const last = { id: 'evt_last', invoice: 'in_last' }
    expect((await send(sign(second.port, last))).status).toBe(200)
    await expect
      .poll(() => total(second.port), { timeout: 60_000, interval: 200 })
      .toEqual({ invoices: 41, amount: 4100 })
    await second.stop()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function sign(port: number, one: { id: string; invoice: string }): Parameters<typeof send>[0] {
  return stripeEvent(secret, port, one.id, { id: one.invoice, amount_paid: 100 })
}

async function total(port: number): Promise<unknown> {
  return (await fetch(`http://localhost:${port}/total`)).json()
}
