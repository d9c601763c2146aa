import { describe, expect, test } from 'vitest'
import {
  RetryAfterError,
  UnrecoverableError,
  fixed,
  inlineInbox,
  memoryLedger,
} from '../../../src/index.ts'
import type { IntakeItem } from '../../../src/inbox/engine/index.ts'
import { createTaskRecorder } from '../../../../testing/src/inbox/recorder.ts'
import { intake, item } from '../memory/scene.ts'
import { acme, batches, codeOf, gate, setup } from '../../acme.ts'

const EVENT = { id: 'e1', topic: 'ping' }

describe('inlineInbox', () => {
  test('runs the handlers inside the request, and a duplicate runs nothing', async () => {
    const { receiver, heard, send } = setup({ inbox: inlineInbox() })
    const held = gate()
    let runs = 0
    receiver.on('ping', async () => {
      runs++
      await held.opened
    })
    let answered = false
    const reply = send(EVENT).then((one) => ((answered = true), one))
    await heard.until('attemptStarted')
    expect(answered).toBe(false)
    held.open()
    expect((await reply).status).toBe(200)
    expect((await send(EVENT)).status).toBe(200)
    expect(runs).toBe(1)
    expect(heard.all('done')).toHaveLength(1)
    expect(heard.all('duplicate').map(([, revived]) => revived)).toEqual([false])
  })

  test('rejects with Retry-After when a handler fails, and runs only that one again', async () => {
    const { receiver, heard, send } = setup({ inbox: inlineInbox() })
    const runs: string[] = []
    receiver.on('ping', { name: 'good' }, () => void runs.push('good'))
    receiver.on('ping', { name: 'bad' }, (_, task) => {
      runs.push(`bad ${task.attempt}`)
      if (task.attempt === 1) throw new RetryAfterError('90s')
    })
    const rejected = await send(EVENT)
    expect([rejected.status, rejected.headers?.['retry-after'], codeOf(rejected)]).toEqual([
      503,
      '90',
      'handler_failed',
    ])
    expect((await send(EVENT)).status).toBe(200)
    expect(runs).toEqual(['good', 'bad 1', 'bad 2'])
    expect(heard.all('retried')).toHaveLength(1)
    expect(heard.all('duplicate').map(([, revived]) => revived)).toEqual([true])
    await send(EVENT)
    expect(runs).toHaveLength(3)
  })

  test('counts attempts over deliveries, acknowledges a dead event, and a delivery after that revives it', async () => {
    const { receiver, heard, send } = setup({ inbox: inlineInbox() })
    const attempts: number[] = []
    let broken = true
    receiver.on('ping', { retry: fixed({ attempts: 3, delay: 0 }) }, (_, task) => {
      attempts.push(task.attempt)
      if (broken) throw new Error('down')
    })
    expect([(await send(EVENT)).status, (await send(EVENT)).status]).toEqual([503, 503])
    expect((await send(EVENT)).status).toBe(200)
    expect(heard.all('dead')).toHaveLength(1)
    broken = false
    expect((await send(EVENT)).status).toBe(200)
    expect(attempts).toEqual([1, 2, 3, 1])
    await send(EVENT)
    expect(attempts).toHaveLength(4)
  })

  test('acknowledges what no retry can help at once', async () => {
    const { receiver, heard, send } = setup({ inbox: inlineInbox() })
    receiver.on('ping', () => {
      throw new UnrecoverableError('no')
    })
    expect((await send(EVENT)).status).toBe(200)
    expect(heard.all('dead')).toHaveLength(1)
  })

  for (const whileRunning of [409, 503, 200] as const) {
    test(`answers ${whileRunning} while the same event runs, if told to`, async () => {
      const { receiver, heard, send } = setup({ inbox: inlineInbox({ whileRunning }) })
      const held = gate()
      receiver.on('ping', () => held.opened)
      const first = send(EVENT)
      await heard.until('attemptStarted')
      const twin = await send(EVENT)
      expect(twin.status).toBe(whileRunning)
      expect(twin.headers?.['retry-after']).toBe(whileRunning === 200 ? undefined : '5')
      held.open()
      expect((await first).status).toBe(200)
      expect(heard.all('attemptStarted')).toHaveLength(1)
    })
  }

  test('closes its ledger, so that the process can end', async () => {
    let closed = 0
    const ledger = { ...memoryLedger(), close: async () => void closed++ }
    const inbox = inlineInbox({ ledger })
    await inbox.close()
    expect(closed).toBe(1)
  })

  test('keeps the set of tasks of the first delivery, under new names too', async () => {
    const ledger = memoryLedger()
    const before = setup({ inbox: inlineInbox({ ledger }) })
    const ran: string[] = []
    before.receiver.on('ping', { name: 'ship' }, () => {
      throw new Error('not yet')
    })
    await before.send(EVENT)
    const after = setup({ inbox: inlineInbox({ ledger }) })
    after.receiver.on('ping', { name: 'deploy', previousNames: ['ship'] }, (_, { attempt }) => {
      ran.push(`deploy ${attempt}`)
    })
    after.receiver.on('ping', { name: 'new' }, () => void ran.push('new'))
    expect((await after.send(EVENT)).status).toBe(200)
    expect(ran).toEqual(['deploy 2'])
  })

  test('runs what a task spawned, and not again what of it is done', async () => {
    const { receiver, send } = setup({ inbox: inlineInbox() })
    const ran: string[] = []
    receiver.on('ping', { name: 'fan' }, (_, task) => {
      ran.push(`${task.part ?? 'root'} ${task.attempt}${task.data === undefined ? '' : ' data'}`)
      if (task.part === undefined) task.spawn([{ part: 'a' }, { part: 'b', data: { n: 1 } }])
      if (task.part === 'b' && task.attempt === 1) throw new Error('b fails once')
    })
    expect((await send(EVENT)).status).toBe(503)
    expect((await send(EVENT)).status).toBe(200)
    expect(ran).toEqual(['root 1', 'a 1', 'b 1 data', 'b 2 data'])
  })

  test('of a batch, runs again only the events that failed', async () => {
    const { receiver, send } = setup({ inbox: inlineInbox(), provider: batches() })
    const ran: string[] = []
    receiver.on('ping', (event, task) => {
      ran.push(`${event.id} ${task.attempt}`)
      if (event.id === '2' && task.attempt === 1) throw new Error('second')
    })
    const batch = ['1', '2', '3'].map((id) => ({ id, topic: 'ping', payload: {} }))
    expect((await send({ payload: batch })).status).toBe(503)
    expect((await send({ payload: batch })).status).toBe(200)
    expect(ran).toEqual(['1 1', '2 1', '3 1', '2 2'])
  })

  test('rejects what a run reports after its lease went to another', async () => {
    let now = 1000
    const ledger = memoryLedger({ now: () => now })
    const { receiver, heard, send } = setup({ inbox: inlineInbox({ ledger }) })
    const held = gate()
    receiver.on('ping', (_, task) => (task.attempt === 1 ? held.opened : undefined))
    const frozen = send(EVENT)
    await heard.until('attemptStarted')
    now += 31_000
    expect((await send(EVENT)).status).toBe(200)
    held.open()
    expect((await frozen).status).toBe(503)
    expect(heard.all('outcomeRejected')).toHaveLength(1)
    expect(heard.all('done')).toHaveLength(1)
  })

  test('rejects more than it may run at once, and everything once closed', async () => {
    const { receiver, heard, send } = setup({ inbox: inlineInbox({ maxRunning: 1 }) })
    const held = gate()
    receiver.on('ping', () => held.opened)
    const first = send(EVENT)
    await heard.until('attemptStarted')
    expect(codeOf(await send({ id: 'e2' }))).toBe('inbox_full')
    const closed = receiver.close()
    held.open()
    await closed
    expect((await first).status).toBe(200)
    expect(codeOf(await send({ id: 'e3' }))).toBe('receiver_closed')
  })

  test('a guard of another event rejects all of a delivery, and nothing of it runs', async () => {
    const inbox = inlineInbox()
    const recorder = createTaskRecorder({ lanes: ['a'] })
    const port = inbox.attach(recorder.consumer)
    const guards = [{ key: 'signature', otherwise: 'reject' }] as const
    const accept = async (...items: readonly IntakeItem[]): Promise<unknown> =>
      port.accept(intake(...items), {})
    expect(await accept(item('1', ['a'], { guards }))).toEqual(['new'])
    expect(await accept(item('2'), item('3', ['a'], { guards }))).toEqual(['rejected', 'rejected'])
    expect(await accept(item('1', ['a'], { guards }))).toEqual(['duplicate'])
    expect(await accept(item('2'))).toEqual(['new'])
    const unknown = { guards, dedupe: false }
    expect(await accept(item('4', ['a'], unknown))).toEqual(['rejected'])
    expect(recorder.ran()).toEqual(['a:1', 'a:2'])
    expect(recorder.runs.map(({ claim }) => claim.attempt)).toEqual([1, 1])
  })

  test('closes in time: gives back handlers that do not end, without an attempt', async () => {
    const ledger = memoryLedger()
    const before = setup({ inbox: inlineInbox({ ledger }) })
    const held = gate()
    const seen: unknown[] = []
    before.receiver.on('ping', { name: 'deaf', retry: { attempts: 1 } }, () => held.opened)
    before.receiver.on('ping', { name: 'quick', retry: { attempts: 1 } }, () => {})
    before.receiver.on('ping', { name: 'heedful', retry: { attempts: 1 } }, (_, task) => {
      return new Promise((_, reject) => {
        task.signal.addEventListener('abort', () => reject(new Error('stopped')))
      })
    })
    const reply = before.send(EVENT)
    await before.heard.until('attemptStarted', 3)
    await before.receiver.close({ timeout: 100 })
    expect([(await reply).status, codeOf(await reply)]).toEqual([503, 'receiver_closed'])
    held.open()
    await before.heard.until('outcomeRejected')
    const after = setup({ inbox: inlineInbox({ ledger }) })
    for (const name of ['deaf', 'heedful', 'quick'])
      after.receiver.on('ping', { name, retry: { attempts: 1 } }, (_, task) => {
        seen.push([name, task.attempt])
      })
    expect((await after.send(EVENT)).status).toBe(200)
    expect(seen).toEqual([
      ['deaf', 1],
      ['heedful', 1],
    ])
  })

  test('keeps to the concurrency of a subscription', async () => {
    const { receiver, heard, send } = setup({ inbox: inlineInbox() })
    const held = [gate(), gate()]
    let runs = 0
    receiver.on('ping', { concurrency: 1 }, () => held[runs++]!.opened)
    const replies = [send({ id: '1' }), send({ id: '2' })]
    await heard.until('attemptStarted')
    expect(runs).toBe(1)
    held[0]!.open()
    await heard.until('attemptStarted', 2)
    held[1]!.open()
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200])
  })

  test('takes nothing while the ledger cannot be asked', async () => {
    const ledger = { ...memoryLedger(), claim: () => Promise.reject(new Error('ledger is down')) }
    const { receiver, heard, send } = setup({ inbox: inlineInbox({ ledger }) })
    receiver.on('ping', () => {})
    const reply = await send(EVENT)
    expect([reply.status, codeOf(reply)]).toEqual([503, 'inbox_unavailable'])
    expect(heard.names).not.toContain('attemptStarted')
  })

  test('rejects bad options, order, work, a name twice and a window that is too short', async () => {
    expect(() => inlineInbox({ lease: 1 })).toThrow('lease')
    expect(() => inlineInbox({ whileRunning: 500 as never })).toThrow('whileRunning')
    expect(() => inlineInbox({ maxRunning: 0 })).toThrow('maxRunning')
    expect(() => inlineInbox({ ledger: {} as never })).toThrow('ledger')
    expect(() => inlineInbox({ leas: 1 } as never)).toThrow('did you mean lease?')
    const inbox = inlineInbox({ ledger: memoryLedger({ dedupeWindow: '1h' }) })
    const { receiver } = setup({ inbox })
    expect(() => receiver.on('ping', { orderingKey: () => 'k' }, () => {})).toThrow('orderingKey')
    await expect(receiver.startWorker()).rejects.toThrow('inside the request')
    expect(() => setup({ inbox })).toThrow('already has a receiver named acme')
    expect(() => setup({ inbox, name: 'b', provider: acme({ retrySpan: 7_200_000 }) })).toThrow(
      'dedupeWindow',
    )
  })
})
