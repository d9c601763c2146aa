import { fixed } from '@postern/core'
import { expect, test } from 'vitest'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('orderingKey', (postgres) => {
  test('of a renamed subscription: what was stored under its old name goes first', async () => {
    const { schema, open } = postgres()
    const options = { schema: schema() }
    const orderingKey = (): string => 'one key'
    const first = open(options)
    const before = listen(first, { worker: false }).receiver
    before.on('thing.*', { name: 'old', orderingKey }, () => {})
    await before.receive(signed('1'))
    await before.receive(signed('2'))
    await before.close()
    await first.close()

    const { receiver, until } = listen(open(options), { worker: false })
    const ran: string[] = []
    const retry = fixed({ attempts: 5, delay: 20 })
    receiver.on(
      'thing.*',
      { name: 'new', previousNames: ['old'], orderingKey, retry },
      ({ id }, task) => {
        ran.push(id!)
        if (id === '1' && task.attempt < 3) throw new Error('not yet')
      },
    )
    await receiver.receive(signed('3'))
    await receiver.startWorker()
    await until((heard) => heard.includes('done 3'))
    expect(ran).toEqual(['1', '1', '1', '2', '3'])
  })

  test('two processes that accept and work on the same keys run each in order, one at a time', async () => {
    const { schema, open } = postgres()
    const options = { schema: schema() }
    const running = new Map<string, number>()
    const ran: string[] = []
    let overlaps = 0
    const all = [open(options), open(options)].map((inbox) => {
      const listening = listen(inbox)
      listening.receiver.on(
        'thing.*',
        { name: 'a', concurrency: 20, orderingKey: ({ id }) => id!.split('.')[0]! },
        async ({ id }) => {
          const key = id!.split('.')[0]!
          const count = (running.get(key) ?? 0) + 1
          running.set(key, count)
          if (count > 1) overlaps++
          await new Promise((resolve) => setImmediate(resolve))
          ran.push(id!)
          running.set(key, running.get(key)! - 1)
        },
      )
      return listening
    })
    // Events of one key arrive one after another, at alternating receivers. The five keys run in parallel.
    await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(async (key) => {
        for (let at = 0; at < 20; at++) {
          const reply = await all[at % 2]!.receiver.receive(signed(`${key}.${at}`))
          expect(reply.status).toBe(200)
        }
      }),
    )
    await Promise.race(all.map(({ until }) => until(() => ran.length === 100)))
    expect(overlaps).toBe(0)
    for (const key of ['a', 'b', 'c', 'd', 'e'])
      expect(ran.filter((id) => id.startsWith(key)).map((id) => Number(id.split('.')[1]))).toEqual(
        Array.from({ length: 20 }, (_, at) => at),
      )
  })
})
