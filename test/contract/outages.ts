import { setTimeout as sleep } from 'node:timers/promises'
import { fixed } from '@postern/core'
import { expect, test } from 'vitest'
import type { Duration } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { listen, signed } from '../../packages/postgres/test/receiver.ts'
import type { Service } from '../services/service.ts'

interface OutageScene {
  readonly service: Service & {
    readonly down: () => Promise<void>
    readonly up: () => Promise<void>
  }
  /** Opens an inbox in a new schema or database. */
  readonly open: (options?: { readonly deadline: Duration; readonly lease: Duration }) => Inbox
  /** Number of open tasks in the last inbox. */
  readonly left: () => Promise<number>
}

export function outages(scene: () => OutageScene): void {
  test('the server is not there at first: 503 at once, and it recovers by itself', async () => {
    const { service, open } = scene()
    await service.down()
    const inbox = open()
    const { receiver, until } = listen(inbox)
    receiver.on('thing.*', () => {})
    const rejected = await receiver.receive(signed('1'))
    expect(rejected.status).toBe(503)
    expect(rejected.headers?.['retry-after']).toBeDefined()
    await service.up()
    await untilTaken(() => receiver.receive(signed('1')))
    await until((heard) => heard.includes('done 1'))
    await receiver.close()
    await inbox.close()
  })

  test.for([
    ['crashes and comes back', 'down', 'up'],
    ['hangs and goes on', 'pause', 'resume'],
  ] as const)(
    'the server %s under load: 503 meanwhile, then nothing is lost and nothing runs twice',
    { timeout: 90_000 },
    async ([, away, back]) => {
      const { service, open, left } = scene()
      // A claim whose response is lost in the outage blocks its task until the lease ends.
      const inbox = open({ deadline: '1s', lease: '2s' })
      const { receiver, heard, until } = listen(inbox)
      const runs = new Set<string>()
      // Runs that started after the outcome of their task was known. A task may run again if its outcome was lost in
      // the outage.
      const again: string[] = []
      let fails = 0
      receiver.on('thing.*', { retry: fixed({ attempts: 1000, delay: 5 }) }, async ({ id }) => {
        await sleep(2)
        if (++fails % 10 === 0) throw new Error('this time it did not work')
        if (heard.includes(`done ${id}`)) again.push(id!)
        runs.add(id!)
      })
      let made = 0
      let stop = false
      const rejections: number[] = []
      const acknowledged: string[] = []
      const senders = Array.from({ length: 16 }, async () => {
        while (!stop) {
          const id = `e${++made}`
          await untilTaken(() => receiver.receive(signed(id)), rejections)
          acknowledged.push(id)
        }
      })
      await until(() => acknowledged.length > 200)
      await service[away]()
      const before = acknowledged.length
      // Waits until each sender was rejected several times.
      await expect.poll(() => rejections.length).toBeGreaterThan(48)
      expect(acknowledged.length - before).toBeLessThanOrEqual(16)
      await service[back]()
      const after = acknowledged.length
      await until(() => acknowledged.length > after + 200)
      stop = true
      await Promise.all(senders)
      await until(() => acknowledged.every((id) => runs.has(id)))
      await expect.poll(left).toBe(0)
      expect(new Set(rejections)).toEqual(new Set([503]))
      expect(again).toEqual([])
      await receiver.close()
      await inbox.close()
    },
  )
}

async function untilTaken(
  deliver: () => Promise<{ readonly status: number }>,
  rejections: number[] = [],
): Promise<void> {
  for (;;) {
    const { status } = await deliver()
    if (status === 200) return
    rejections.push(status)
    await sleep(20)
  }
}
