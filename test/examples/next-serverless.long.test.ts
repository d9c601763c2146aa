import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stripe } from '@postern/providers/stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres } from '../services/postgres.ts'
import { needs } from '../services/needs.ts'
import { postgresServer } from '../services/programs.ts'
import { follow, send, watch, type Example } from './example.ts'

const secret = 'whsec_of the example'
const cron = 'secret of the cron'
const cwd = fileURLToPath(new URL('../../examples/next-serverless/', import.meta.url))

needs(postgresServer).describe('next-serverless', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  let example: Example

  beforeAll(async () => {
    postgres = await startPostgres()
    // Neither secrets nor a database are there while it is built.
    const build = next({}, 'build')
    const output = follow(build)
    const [code] = (await once(build, 'exit')) as [number]
    expect(code, output.lines.join('\n')).toBe(0)
    example = await start()
  })
  afterAll(async () => {
    await example?.stop()
    await postgres?.stop()
  })

  test('an event that was stored before a kill is handled by the first cron after it', async () => {
    const invoice = {
      id: 'evt_1',
      object: 'event',
      type: 'invoice.paid',
      data: { object: { id: 'in_1', amount_paid: 4200, currency: 'eur' } },
    }
    const signed = stripe({ secret }).sign!({
      payload: invoice,
      url: `${urlOf(example)}/webhooks/stripe`,
    })
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
    return fetch(`${urlOf(example)}/cron/webhooks`, { headers: { authorization } })
  }

  async function start(): Promise<Example> {
    const env = { STRIPE_WEBHOOK_SECRET: secret, CRON_SECRET: cron, DATABASE_URL: postgres.url }
    const started = await watch(
      next(env, 'start', '--port', '0', '--hostname', '127.0.0.1'),
      /http:\/\/127\.0\.0\.1:(\d+)/,
    )
    await started.line('Ready in')
    return started
  }
})

function next(env: NodeJS.ProcessEnv, ...args: string[]): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['node_modules/next/dist/bin/next', ...args], {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function urlOf({ port }: Example): string {
  return `http://127.0.0.1:${port}`
}
