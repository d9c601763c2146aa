import type { CallInfo, PauseInfo } from '@postern/core/internal'
import type { Observer } from '@postern/core'
import { expect, test } from 'vitest'
import { createScene, startSite } from './scene.ts'

const SENDER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const OURS = '00-11111111111111111111111111111111-2222222222222222-01'

test('observers wrap each call, and their trace takes the place of the one that came', async () => {
  const site = await startSite()
  const calls: CallInfo[] = []
  const statuses: number[] = []
  const outer: Observer = {
    async call(call, next) {
      calls.push(call)
      const { status } = await next({ traceparent: OURS, 'x-secret': 'of the observer' })
      statuses.push(status)
    },
  }
  const throwing: Observer = {
    call() {
      throw new Error('no')
    },
  }
  const scene = createScene({
    to: { id: 'partner', url: `${site.url}/path?key=1` },
    observers: [outer, throwing],
  })
  await scene.send({ headers: { traceparent: SENDER, tracestate: 'sender=1' } })
  await scene.until('done', 2)
  expect(site.got.map(({ headers }) => headers)).toEqual([
    expect.objectContaining({ traceparent: OURS }),
  ])
  expect(site.got[0]!.headers).not.toHaveProperty('tracestate')
  expect(site.got[0]!.headers).not.toHaveProperty('x-secret')
  expect(statuses).toEqual([204])
  expect(calls).toEqual([
    expect.objectContaining({
      destination: 'partner',
      method: 'POST',
      scheme: 'http',
      host: '127.0.0.1',
      port: site.port,
      attempt: expect.objectContaining({ part: 'partner', subscription: 'fan-out' }),
    }),
  ])
  expect(JSON.stringify(calls)).not.toContain('key=1')
})

test('without traceparent among the headers, none is sent', async () => {
  const site = await startSite()
  const scene = createScene({
    to: site.url,
    headers: ['x-other'],
    observers: [{ call: (_, next) => next({ traceparent: OURS }) }],
  })
  await scene.send({ headers: { traceparent: SENDER } })
  await scene.until('done', 2)
  expect(site.got[0]!.headers).not.toHaveProperty('traceparent')
})

test('observers hear when calls to a destination pause, and when they go on', async () => {
  let status = 500
  const site = await startSite(() => status)
  const pauses: PauseInfo[] = []
  const scene = createScene({
    to: { id: 'shaky', url: site.url },
    breaker: { failures: 2, pause: 1 },
    retry: { attempts: 50, initialDelay: 1 },
    observers: [
      {
        destinationPaused(pause) {
          pauses.push(pause)
          status = 204
        },
      },
    ],
  })
  await scene.send()
  await scene.until('done', 2)
  expect(pauses).toEqual([
    {
      receiver: 'acme',
      subscription: 'fan-out',
      destination: 'shaky',
      until: expect.any(Number),
    },
    { receiver: 'acme', subscription: 'fan-out', destination: 'shaky', until: undefined },
  ])
})
