import { memoryInbox } from '@postern/core'
import { describe, expect, test } from 'vitest'
import { createScene, startSite } from './scene.ts'

describe('the rules of HTTP', () => {
  test('410 ends it at once, is told, and later events are not sent there until it is restored', async () => {
    const site = await startSite((_, nth) => (nth === 1 ? 410 : 200))
    const gone: unknown[] = []
    const inbox = memoryInbox()
    const scene = createScene({
      inbox,
      records: inbox.records,
      to: { id: 'dear', url: site.url },
      onGone: (destination, event) => gone.push([destination, event.id]),
    })
    await scene.send({ id: 'a' })
    expect(await scene.until('dead')).toContain('dear answered 410')
    expect(gone).toEqual([[{ id: 'dear', url: site.url }, 'a']])
    await scene.send({ id: 'b' })
    await scene.until('done', 2)
    expect(site.got).toHaveLength(1)
    expect(await scene.restore({ id: 'dear', url: site.url })).toBe(true)
    await scene.send({ id: 'c' })
    await scene.until('done', 4)
    expect(site.got).toHaveLength(2)
  })

  test.each([
    [429, '7', 7000],
    [503, '120', 120_000],
    [502, 'Sat, 01 Jan 2000 00:00:09 GMT', 9000],
    [503, 'Saturday, 01-Jan-00 00:00:09 GMT', 9000],
    [503, 'Sat Jan  1 00:00:09 2000', 9000],
    [503, '999999', 3_600_000],
    [503, 'Sat, 01 Jan 2050 00:00:00 GMT', 3_600_000],
    [503, 'soon', undefined],
    [500, '120', undefined],
  ])('%s with Retry-After: %s', async (status, value, wait) => {
    const start = Date.UTC(2000, 0, 1)
    const site = await startSite((_, __, response) => {
      response.writeHead(status, { 'retry-after': value }).end()
    })
    const scene = createScene({
      to: site.url,
      now: () => start,
      retry: { initialDelay: 5, jitter: 'none' },
    })
    await scene.send()
    expect(await scene.until('retried')).toBe(`retried ${start + (wait ?? 5)} 1`)
  })

  test('a destination that asked to be left alone is, by all its tasks, and no attempt is used', async () => {
    const site = await startSite((_, __, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end()
    })
    const scene = createScene({ to: site.url })
    await scene.send({ id: 'a' })
    await scene.until('retried')
    await scene.send({ id: 'b' })
    await scene.until('postponed')
    const [waiting] = (await scene.receiver.tasks({ eventId: 'b' })).filter((task) => task.part)
    expect(waiting).toMatchObject({ state: 'pending', attempt: 0 })
    expect(site.got).toHaveLength(1)
  })
})
