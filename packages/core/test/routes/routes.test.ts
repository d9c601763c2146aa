import { afterEach, describe, expect, test } from 'vitest'
import { memoryInbox, type Receiver } from '../../src/index.ts'
import { runDue, health } from '../../src/routes/index.ts'
import { gate, pinged, setup } from '../acme.ts'

const secret = 'cron-secret'
const url = 'https://example.com/cron'
let receiver: Receiver

afterEach(() => receiver.close())

function cron(authorization?: string): Request {
  return new Request(url, { headers: authorization === undefined ? {} : { authorization } })
}

async function waiting(count: number, handler: () => unknown): Promise<void> {
  const made = setup({ worker: 'onDemand' })
  receiver = made.receiver.on('ping', handler)
  for (let at = 0; at < count; at++) await made.send({ id: String(at) })
}

describe('runDue', () => {
  test('alone runs tasks, and says what it did', async () => {
    let ran = 0
    await waiting(3, () => void ran++)
    await new Promise(setImmediate)
    expect(ran).toBe(0)
    const reply = await runDue(receiver, { secret, max: 2 })(cron(`Bearer ${secret}`))
    expect(reply.status).toBe(200)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(await reply.json()).toMatchObject({ ran: 2, done: 2, left: 1 })
    expect(ran).toBe(2)
  })

  test.each([undefined, '', 'Bearer', 'Bearer wrong', `Basic ${secret}`, `bearer ${secret}`])(
    'is 401 with %j, and runs nothing',
    async (authorization) => {
      let ran = 0
      await waiting(1, () => void ran++)
      const reply = await runDue(receiver, { secret })(cron(authorization))
      expect([reply.status, ran]).toEqual([401, 0])
    },
  )

  test('is 409 while another one runs', async () => {
    const open = gate()
    const begun = gate()
    await waiting(1, () => (begun.open(), open.opened))
    const route = runDue(receiver, { secret })
    const first = route(cron(`Bearer ${secret}`))
    await begun.opened
    expect((await route(cron(`Bearer ${secret}`))).status).toBe(409)
    open.open()
    expect(await (await first).json()).toMatchObject({ ran: 1, done: 1, left: 0 })
    expect((await route(cron(`Bearer ${secret}`))).status).toBe(200)
  })

  test('rejects wrong options when it is made', async () => {
    await waiting(0, () => {})
    expect(() => runDue(receiver, { secret: '' })).toThrow('runDue: secret')
    expect(() => runDue(receiver, {} as never)).toThrow('runDue: secret')
    expect(() => runDue(receiver, { secret, max: 0 })).toThrow('max')
    expect(() => runDue(receiver, { secret, deadlin: '1s' } as never)).toThrow('deadline')
  })
})

describe('health', () => {
  test('is 200 with figures while all is well, and 503 once the receiver is closed', async () => {
    await waiting(2, () => {})
    const route = health([receiver])
    const well = await route(new Request(url))
    expect(well.status).toBe(200)
    expect(await well.json()).toMatchObject({
      ok: true,
      receivers: [{ receiver: 'acme', accepting: true, processing: true, pending: 2, dead: 0 }],
    })
    await receiver.close()
    expect((await route(new Request(url))).status).toBe(503)
    expect((await route(new Request(`${url}?live`))).status).toBe(200)
  })

  test('tells no figures if they are not wanted', async () => {
    await waiting(0, () => {})
    const reply = await health([receiver], { figures: false })(new Request(url))
    expect(await reply.json()).toEqual({ ok: true })
  })

  test('tells strangers that an inbox is unavailable, and the app why', async () => {
    const inbox = memoryInbox()
    const rejected = new Error('PostgreSQL says: connect ECONNREFUSED 10.1.2.3:5432')
    const down = { ...inbox, view: { ...inbox.view!, stats: () => Promise.reject(rejected) } }
    ;({ receiver } = pinged({ inbox: down, worker: 'onDemand' }))
    const reply = await health([receiver])(new Request(url))
    const text = await reply.text()
    expect(reply.status).toBe(503)
    expect(text).not.toMatch(/10\.1|5432|PostgreSQL/)
    expect(JSON.parse(text)).toMatchObject({ ok: false, receivers: [{ cause: 'unavailable' }] })
    expect((await receiver.health()).cause).toContain('10.1.2.3:5432')
  })
})
