import { memoryInbox } from '@postern/core'
import { expect, test } from 'vitest'
import { createScene } from './scene.ts'
import { openSite } from './site.ts'

test('destinations that never answer hold up nobody else, though they could fill every place', async () => {
  const hanging = await Promise.all([1, 2, 3].map(() => openSite(() => {})))
  const healthy = await openSite()
  const scene = createScene({
    inbox: memoryInbox(),
    to: [...hanging.map((site) => site.url), healthy.url],
    total: 12,
    timeout: '1h',
  })
  await Promise.all(Array.from({ length: 200 }, (_, at) => scene.send({ id: `e${at}` })))
  await healthy.until(200)
  expect(new Set(healthy.got.map((got) => got.headers['webhook-id'])).size).toBe(200)
  for (const site of hanging) expect(site.got.length).toBeLessThanOrEqual(8)
  await Promise.all([scene.close(), healthy.close(), ...hanging.map((site) => site.close())])
})

test('a destination that is down uses the attempts of its probes only, and gets all when it is back', async () => {
  let down = true
  const site = await openSite(() => (down ? 503 : 200))
  const scene = createScene({
    to: site.url,
    retry: { attempts: 50, initialDelay: 1 },
    breaker: { failures: 3, pause: 200, maxPause: 400 },
  })
  await Promise.all(Array.from({ length: 100 }, (_, at) => scene.send({ id: `e${at}` })))
  await scene.until('postponed', 300)
  const failed = scene.told.filter((line) => line.startsWith('failed')).length
  // The calls that were running when it opened, and one for each pause since.
  expect(failed).toBeLessThan(60)
  down = false
  await scene.until('done', 200)
  expect(scene.told.filter((line) => line.startsWith('dead'))).toEqual([])
  await Promise.all([scene.close(), site.close()])
})

test('tasks that grew too old while their destination is down are given up', async () => {
  const site = await openSite(() => 500)
  const received = Date.now()
  let time = received
  const scene = createScene({
    to: { id: 'down', url: site.url },
    now: () => time,
    giveUp: '1h',
    breaker: { failures: 1, pause: '1d' },
    retry: { attempts: 9, initialDelay: 0 },
  })
  await scene.send({ id: 'a' })
  await scene.until('retried')
  time += 3_600_001
  // The next event of the same destination wakes nothing old by itself: a redelivery does.
  await scene.send({ id: 'a' })
  expect(await scene.until('dead')).toContain('down was out of order')
  expect(site.got).toHaveLength(1)
  await Promise.all([scene.close(), site.close()])
})

test('a dead destination keeps no more tasks waiting than maxWaiting, and the others get everything', async () => {
  const well = await openSite(() => 200)
  const dead = await openSite(() => 500)
  const scene = createScene({
    to: [
      { id: 'well', url: well.url },
      { id: 'dead', url: dead.url },
    ],
    maxWaiting: 5,
    breaker: { failures: 1, pause: '1d' },
    retry: { attempts: 9, initialDelay: '1h', jitter: 'none' },
  })
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, at) => scene.send({ id: `e${at}` })),
  )
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  await scene.until('dead', 15)
  // Each event is done when it was fanned out, and once more when the well destination had it.
  await scene.until('done', 40)
  expect(well.got).toHaveLength(20)
  const lines = scene.told.filter((line) => line.startsWith('dead'))
  expect(lines).toHaveLength(15)
  for (const line of lines) expect(line).toContain('dead has 5 tasks waiting (maxWaiting)')
  await Promise.all([scene.close(), well.close(), dead.close()])
})

test('a task of a destination that is left alone dies when its retry policy would have ended', async () => {
  const site = await openSite(() => 500)
  let time = Date.now()
  const scene = createScene({
    to: { id: 'down', url: site.url },
    now: () => time,
    breaker: { failures: 1, pause: '1d', maxPause: '1d' },
    retry: { attempts: 3, initialDelay: '10s', factor: 1, jitter: 'none' },
  })
  await scene.send({ id: 'a' })
  await scene.until('retried')
  time += 20_001
  await scene.send({ id: 'a' })
  expect(await scene.until('dead')).toContain('longer than the retry policy tries')
  await Promise.all([scene.close(), site.close()])
})

test('calls at once stay within the limit of each destination', async () => {
  const site = await openSite(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return 200
  })
  const scene = createScene({ to: site.url, concurrency: 3 })
  await Promise.all(Array.from({ length: 60 }, (_, at) => scene.send({ id: `e${at}` })))
  await scene.until('done', 120)
  expect(site.most).toBe(3)
  await Promise.all([scene.close(), site.close()])
})
