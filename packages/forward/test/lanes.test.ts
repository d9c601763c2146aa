import { memoryInbox } from '@postern/core'
import { expect, test } from 'vitest'
import type { ForwardOptions } from '../src/index.ts'
import { createScene, startSite } from './scene.ts'

test('destinations that never answer hold up nobody else, though they could fill every place', async () => {
  const hanging = await Promise.all([1, 2, 3].map(() => startSite(() => {})))
  const healthy = await startSite()
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
})

test('a destination that is down uses the attempts of its probes only, and gets all when it is back', async () => {
  let down = true
  const site = await startSite(() => (down ? 503 : 200))
  const scene = createScene({
    to: site.url,
    retry: { attempts: 50, initialDelay: 1 },
    breaker: { failures: 3, pause: 200, maxPause: 400 },
  })
  await Promise.all(Array.from({ length: 100 }, (_, at) => scene.send({ id: `e${at}` })))
  await scene.until('postponed', 300)
  const failed = scene.told.filter((line) => line.startsWith('failed')).length
  // Only the calls that ran when the breaker opened have failed, and one call per pause since then.
  expect(failed).toBeLessThan(60)
  down = false
  await scene.until('done', 200)
  expect(scene.told.filter((line) => line.startsWith('dead'))).toEqual([])
})

test.each<[string, Partial<ForwardOptions>, time: number]>([
  ['giveUp', { giveUp: '1h', retry: { attempts: 9, initialDelay: 0 } }, 3_600_001],
  [
    'as long as its retry policy',
    { retry: { attempts: 3, initialDelay: '10s', factor: 1, jitter: 'none' } },
    20_001,
  ],
])('a task whose destination is down dies after %s', async (_, options, later) => {
  const site = await startSite(() => 500)
  let time = Date.now()
  const scene = createScene({
    to: { id: 'down', url: site.url },
    now: () => time,
    breaker: { failures: 1, pause: '1d', maxPause: '1d' },
    ...options,
  })
  await scene.send({ id: 'a' })
  await scene.until('retried')
  time += later
  // A redelivery wakes the old task, but another event does not.
  await scene.send({ id: 'a' })
  const line = await scene.until('dead')
  expect(line).toContain('down failed for longer than the retry policy allows')
  expect(site.got).toHaveLength(1)
})

test('a dead destination keeps no more tasks waiting than maxWaiting, and the others get everything', async () => {
  const well = await startSite(() => 200)
  const dead = await startSite(() => 500)
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
  // Each event has two tasks that are done: the fan-out, and the delivery to the working destination.
  await scene.until('done', 40)
  expect(well.got).toHaveLength(20)
  const lines = scene.told.filter((line) => line.startsWith('dead'))
  expect(lines).toHaveLength(15)
  for (const line of lines) expect(line).toContain('dead has 5 tasks waiting (maxWaiting)')
})

test('calls at once stay within the limit of each destination', async () => {
  const site = await startSite(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return 200
  })
  const scene = createScene({ to: site.url, concurrency: 3 })
  await Promise.all(Array.from({ length: 60 }, (_, at) => scene.send({ id: `e${at}` })))
  await scene.until('done', 120)
  expect(site.most).toBe(3)
})
