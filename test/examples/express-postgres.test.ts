import { readFileSync } from 'node:fs'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from '../services/postgres.ts'
import { needs } from '../services/needs.ts'
import { postgresServer } from '../services/programs.ts'
import { send, startExample, stripeEvent, type Example } from './example.ts'

const secret = 'whsec_of the example'

needs(postgresServer).describe('express-postgres', () => {
  test('two processes credit each paid invoice once, also when one of them is killed', async () => {
    const postgres = await startPostgres()
    const pool = new pg.Pool({ connectionString: postgres.url })
    pool.on('error', () => {})
    const start = () =>
      startExample('express-postgres', {
        DATABASE_URL: postgres.url,
        STRIPE_WEBHOOK_SECRET: secret,
      })
    const examples: Example[] = []
    try {
      await pool.query(
        readFileSync(
          new URL('../../examples/express-postgres/credits.sql', import.meta.url),
          'utf8',
        ),
      )
      const one = await start()
      examples.push(one)
      const two = await start()
      examples.push(two)
      const invoices = Array.from({ length: 40 }, (_, at) => ({
        id: `evt_${at}`,
        customer: `cus_${at % 4}`,
      }))
      // Sends each event to both processes.
      const replies = await Promise.all(
        invoices.flatMap((invoice) => [one, two].map(({ port }) => send(paid(port, invoice)))),
      )
      expect(replies.every(({ status }) => status === 200)).toBe(true)
      await one.stop()
      const credits = async (): Promise<unknown> =>
        (await pool.query('SELECT customer, cents::int FROM credits ORDER BY customer')).rows
      await expect
        .poll(credits, { timeout: 60_000, interval: 100 })
        .toEqual(
          ['cus_0', 'cus_1', 'cus_2', 'cus_3'].map((customer) => ({ customer, cents: 10_000 })),
        )
      expect((await send(paid(two.port, invoices[0]!))).status).toBe(200)
      const forged = {
        ...paid(two.port, { id: 'evt_x', customer: 'cus_0' }),
        body: Buffer.from('{}'),
      }
      expect((await send(forged)).status).toBe(401)
      const last = { id: 'evt_last', customer: 'cus_last' }
      expect((await send(paid(two.port, last))).status).toBe(200)
      await two.line('cus_last has paid 1000')
      expect(await credits()).toContainEqual({ customer: 'cus_0', cents: 10_000 })
    } finally {
      await Promise.all(examples.map((example) => example.stop()))
      await pool.end()
      await postgres.stop()
    }
  })
})

function paid(
  port: number,
  { id, customer }: { id: string; customer: string },
): ReturnType<typeof stripeEvent> {
  return stripeEvent(secret, port, id, { id: `in_${id}`, customer, amount_paid: 1000 })
}
