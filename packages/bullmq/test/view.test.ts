import { type Outcome, createUnread } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { needs } from '../../../test/services/needs.ts'
import { redisServer } from '../../../test/services/programs.ts'
import { createViewed } from '../src/operate/viewed.ts'
import { openClient } from '../src/store/connection.ts'
import { createQueues } from '../src/store/queues.ts'
import { intake, record } from './consumer.ts'
import { redisScene } from './redis-scene.ts'

const HOUR = 3_600_000
const error = (message: string) => ({ name: 'RangeError', message })

needs(redisServer).describe('the view of bullmqInbox', () => {
  const scene = redisScene('view')

  test('lists newest first, says how far it looked, and goes on in the middle of an event', async () => {
    const inbox = scene.open()
    const port = inbox.attach(record({ lanes: [] }))
    const tasks = ['a', 'b', 'c'].map((subscription) => ({ subscription }))
    const at = Date.now() - HOUR
    for (let index = 0; index < 300; index++) {
      const { delivery, items } = intake(`e${index}`, tasks)
      await port.accept({ delivery: { ...delivery, receivedAt: at + (index >> 1) }, items }, {})
    }
    const seen: string[] = []
    const times: number[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const page = await inbox.view!.list({ limit: 100, budget: 60_000, ...(cursor && { cursor }) })
      for (const task of page.rows!) {
        seen.push(task.id)
        times.push(task.receivedAt)
      }
      cursor = page.cursor
      if (cursor) expect(page.searchedTo).toBe(page.rows!.at(-1)!.receivedAt)
      pages++
    } while (cursor !== undefined)
    expect(new Set(seen).size).toBe(900)
    expect(seen).toHaveLength(900)
    expect(times).toEqual(times.toSorted((one, other) => other - one))
    expect(pages).toBe(9)
    const short = await inbox.view!.list({ topic: 'no.such', budget: 0 })
    expect(short.rows).toEqual([])
    expect(short.cursor).toBeTypeOf('string')
    expect(short.searchedTo).toBeGreaterThan(at)
  })

  test('causes of the newest tasks say so where there are more', async () => {
    const inbox = scene.open()
    const consumer = record({
      run: ({ event }): Outcome => ({ kind: 'dead', error: error(event.id!.replace(/\d/, '')) }),
    })
    const port = inbox.attach(consumer)
    port.work!()
    const ids = ['old1', 'old2', 'new3']
    for (const [before, id] of ids.entries()) {
      await port.accept(intake(id), {})
      await expect.poll(async () => (await inbox.view!.stats())[0]!.counts.dead).toBe(before + 1)
    }
    const client = openClient(scene.redis.url)
    scene.later(() => client.disconnect())
    const queues = createQueues(client, { prefix: scene.prefix, lease: 1000 }, Date.now, () => {})
    const unread = createUnread('bullmqInbox', () => {})
    const found = async (most: number) =>
      (
        await createViewed(
          { client, prefix: scene.prefix, queues, unread, clock: Date.now },
          most,
        ).causes(undefined)
      )
        .map(
          ({ error: of, dead, ofNewest }) =>
            [(JSON.parse(of!) as Error).message, dead, ofNewest] as const,
        )
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
    expect(await found(1)).toEqual([['new', 1, 1]])
    expect(await found(2)).toEqual([
      ['new', 1, 2],
      ['old', 1, 2],
    ])
    expect(await found(3)).toEqual([
      ['new', 1, undefined],
      ['old', 2, undefined],
    ])
  })
})
