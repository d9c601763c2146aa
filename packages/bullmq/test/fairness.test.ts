import { expect, test } from 'vitest'
import type { Outcome } from '@postern/core/engine'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { DONE, intake, lane, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const FAILURE = { name: 'Error', message: 'the till is jammed' }

needs(redisServer).describe('fairness of bullmqInbox', () => {
  const scene = redisScene('fair')
  const of = (tenant: string): { subscription: string; fairKey: string }[] => [
    { subscription: 'a', fairKey: tenant },
  ]

  test('a quiet tenant comes after one task of each busy one, whatever their backlog', async () => {
    const consumer = record({ lanes: [lane('a', { concurrency: 1 })] })
    const port = scene.open().attach(consumer)
    for (const tenant of ['x', 'y'])
      await Promise.all(
        Array.from({ length: 300 }, async (_, at) =>
          port.accept(intake(`${tenant}${at}`, of(tenant)), {}),
        ),
      )
    await port.accept(intake('quiet', of('z')), {})
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(601)
    expect(consumer.names().indexOf('quiet')).toBeLessThanOrEqual(2)
    const first = consumer.names().slice(0, 201)
    expect(first.filter((id) => id.startsWith('x'))).toHaveLength(100)
  })

  test('comes in between in the middle of a backlog too, and the failures of a flood do not overtake it', async () => {
    let port: ReturnType<ReturnType<typeof scene.open>['attach']>
    const consumer = record({
      lanes: [lane('a', { concurrency: 1 })],
      async run({ event, attempt }): Promise<Outcome> {
        if (consumer.runs.length === 100) await port.accept(intake('quiet', of('z')), {})
        return event.id !== 'quiet' && attempt === 1
          ? { kind: 'retry', at: Date.now(), error: FAILURE }
          : DONE
      },
    })
    port = scene.open().attach(consumer)
    await Promise.all(
      Array.from({ length: 200 }, async (_, at) => port.accept(intake(`x${at}`, of('x')), {})),
    )
    port.work!()
    await expect.poll(() => consumer.ended.length).toBe(401)
    expect(consumer.names().indexOf('quiet')).toBeLessThanOrEqual(102)
  })

  test('turns begin again when nothing waits and half of them are used', async () => {
    const consumer = record({ lanes: [lane('a')] })
    const port = scene.open().attach(consumer)
    port.work!()
    await port.accept(intake('first', of('x')), {})
    await expect.poll(() => consumer.ended.length).toBe(1)
    const turns = `${scene.prefix}:turns:shop/a`
    await scene.operator.hset(`${scene.prefix}:turn:shop/a`, { m: 1_500_000, v: 1_500_000 })
    await port.accept(intake('last', of('x')), {})
    await expect.poll(() => consumer.ended.length).toBe(2)
    expect(await scene.operator.zscore(turns, 'x')).toBe('1')
  })

  test('one tenant fills its share of maxPending, and others are still taken', async () => {
    const port = scene.open({ maxPending: 10 }).attach(record({ lanes: [lane('a')] }))
    for (let at = 0; at < 5; at++) await port.accept(intake(`x${at}`, of('x')), {})
    await expect(port.accept(intake('x5', of('x')), {})).rejects.toMatchObject({
      code: 'inbox_full',
      problem: 'full',
      option: 'maxPendingShare',
      limit: 5,
      got: 5,
    })
    expect(await port.accept(intake('z', of('z')), {})).toEqual(['new'])
  })

  test('beyond maxWaitingBytes a delivery is rejected until Redis has those before it', async () => {
    const port = scene.open({ maxWaitingBytes: 1 }).attach(record({ lanes: [lane('a')] }))
    const first = port.accept(intake('1'), {})
    expect(() => port.accept(intake('2'), {})).toThrow(
      expect.objectContaining({
        code: 'inbox_full',
        problem: 'full',
        option: 'maxWaitingBytes',
        limit: 1,
      }),
    )
    expect(await first).toEqual(['new'])
    expect(await port.accept(intake('2'), {})).toEqual(['new'])
  })

  test('maxPending counts the tasks of a receiver over its subscriptions', async () => {
    const lanes = [lane('a'), lane('b')]
    const inbox = scene.open({ maxPending: 4 })
    const port = inbox.attach(record({ lanes }))
    const other = inbox.attach(record({ receiver: 'bank', lanes }))
    const both = [{ subscription: 'a' }, { subscription: 'b' }]
    await port.accept(intake('1', both), {})
    await port.accept(intake('2', both), {})
    await expect(port.accept(intake('3'), {})).rejects.toMatchObject({ code: 'inbox_full' })
    expect(await other.accept(intake('3', both), {})).toEqual(['new'])
    const elsewhere = scene.open({ maxPending: 4 }).attach(record({ lanes: [lane('c')] }))
    await expect(elsewhere.accept(intake('4', [{ subscription: 'c' }]), {})).rejects.toMatchObject({
      code: 'inbox_full',
    })
  })
})
