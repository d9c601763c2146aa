// Takes 20 s.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres } from '../services/postgres.ts'
import { needs } from '../services/needs.ts'
import { postgresServer } from '../services/programs.ts'
import { buildNext, send, startNext, stripeEvent, type Example } from './example.ts'

const secret = 'whsec_of the example'
const cron = 'secret of the cron'

needs(postgresServer).describe('next-serverless', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  let example: Example

  beforeAll(async () => {
    postgres = await startPostgres()
    // The build gets neither secrets nor a database.
    await buildNext('next-serverless')
    example = await start()
  })
  afterAll(async () => {
    await example?.stop()
    await postgres?.stop()
  })

  test('an event that was stored before a kill is handled by the first cron after it', async () => {
    const invoice = { id: 'in_1', amount_paid: 4200, currency: 'eur' }
    const signed = stripeEvent(secret, example.port, 'evt_1', invoice)
    expect((await send(signed)).status).toBe(200)
    await example.stop()
    example = await start()
    expect((await call()).status).toBe(401)
    expect(example.lines.join('\n')).not.toContain('in_1')
    const reply = await call(`Bearer ${cron}`)
    expect(reply.status).toBe(200)
    expect(await reply.json()).toMatchObject({ ran: 1, done: 1, left: 0 })
    await example.line('invoice in_1 paid: 4200 eur')
    expect(await (await call(`Bearer ${cron}`)).json()).toMatchObject({ ran: 0, left: 0 })
  })

  function call(authorization = ''): Promise<Response> {
    return fetch(`http://127.0.0.1:${example.port}/cron/webhooks`, { headers: { authorization } })
  }

  function start(): Promise<Example> {
    const env = { STRIPE_WEBHOOK_SECRET: secret, CRON_SECRET: cron, DATABASE_URL: postgres.url }
    return startNext('examples/next-serverless', env)
  }
})
