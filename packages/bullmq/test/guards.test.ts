import { expect, test } from 'vitest'
import type { Guard } from '@postern/core/engine'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

needs(redisServer).describe('guards of bullmqInbox', () => {
  const scene = redisScene('guard')
  const guarded = (id: string, otherwise: Guard['otherwise'] = 'reject') =>
    intake(id, undefined, { guards: [{ key: 'nonce', otherwise }] })

  test('another event with the key is rejected, and nothing of its delivery is stored', async () => {
    const inbox = scene.open()
    const port = inbox.attach(record())
    expect(await port.accept(guarded('1'), {})).toEqual(['new'])
    const { delivery, items } = guarded('2')
    const free = intake('3')
    expect(await port.accept({ delivery, items: [...free.items, ...items] }, {})).toEqual([
      'rejected',
      'rejected',
    ])
    expect((await inbox.view!.list()).rows).toHaveLength(1)
    expect(await port.accept(free, {})).toEqual(['new'])
  })

  test('a redelivery of the event that holds the key passes; the other says duplicate if it wants', async () => {
    const inbox = scene.open()
    const port = inbox.attach(record())
    await port.accept(guarded('1'), {})
    expect(await port.accept(guarded('1'), {})).toEqual(['duplicate'])
    expect(await port.accept(guarded('2', 'duplicate'), {})).toEqual(['duplicate'])
    expect((await inbox.view!.list()).rows).toHaveLength(1)
  })

  test('of many at once exactly one is taken; others are told to come again, and then rejected', async () => {
    const ports = [scene.open(), scene.open()].map((inbox) => inbox.attach(record()))
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, at) => ports[at % 2]!.accept(guarded(`e${at}`), {})),
    )
    const taken = answers.flatMap((each) => (each.status === 'fulfilled' ? [...each.value] : []))
    expect(taken.filter((each) => each === 'new')).toHaveLength(1)
    for (const each of answers)
      if (each.status === 'rejected')
        expect(each.reason).toMatchObject({ code: 'inbox_unavailable' })
    expect(await ports[0]!.accept(guarded('late'), {})).toEqual(['rejected'])
  })

  test('receivers have guards of their own, and two of one key in a delivery are decided at once', async () => {
    const inbox = scene.open()
    const shop = inbox.attach(record())
    const bank = inbox.attach(record({ receiver: 'bank' }))
    await shop.accept(guarded('1'), {})
    expect(await bank.accept(guarded('2'), {})).toEqual(['new'])
    const [one, two] = [guarded('3'), guarded('4', 'duplicate')].map(({ items }) => items[0]!)
    const other = scene.open().attach(record({ receiver: 'third' }))
    const delivery = guarded('3').delivery
    expect(await other.accept({ delivery, items: [one!, two!] }, {})).toEqual(['new', 'duplicate'])
  })

  test('go with their event', async () => {
    const attached = () => scene.open({ dedupeWindow: '1ms', keepDone: '1ms' }).attach(record())
    const port = attached()
    await port.accept(guarded('1'), {})
    // Each process forgets at most once a minute.
    await expect
      .poll(async () => {
        await attached().drain!(Date.now() + 5000, 10)
        return scene.operator.keys(`${scene.prefix}:guard:*`)
      })
      .toEqual([])
    expect(await port.accept(guarded('2'), {})).toEqual(['new'])
  })
})
