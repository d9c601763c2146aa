// Sources that ask the sender to deliver again.
import { expect, test } from 'vitest'
import { paddleRedelivery } from '../../src/sources/paddle.ts'
import { polarRedelivery } from '../../src/sources/polar.ts'
import { svixRedelivery } from '../../src/sources/svix.ts'
import { PADDLE_KEY, startPaddle, type PaddleNotification } from '../fakes/paddle.ts'
import { POLAR_TOKEN, startPolar } from '../fakes/polar.ts'
import { startSvix, SVIX_TOKEN } from '../fakes/svix.ts'
import { opened } from '../fakes/opened.ts'
import { all, END, HOUR, RANGE, timeOf } from './scene.ts'

test('Paddle: replays what it gave up, and leaves what it still tries', async () => {
  const asked: string[] = []
  const status = ['failed', 'delivered', 'needs_retry'] as const
  const notifications = Array.from({ length: 660 }, (_, at): PaddleNotification => ({
    id: `ntf_${at}`,
    type: 'transaction.paid',
    status: status[at % 3]!,
    occurred_at: timeOf(at, 660),
    event_id: `evt_${at}`,
  }))
  const fake = await opened(startPaddle({ notifications, replay: (id) => asked.push(id) }))
  const source = paddleRedelivery({ api: fake.url, key: PADDLE_KEY })
  const events = await all(source)
  expect(events).toHaveLength(220)
  expect(events[0]).toEqual({
    id: 'evt_0',
    topic: 'transaction.paid',
    at: END,
    undelivered: true,
    ref: 'ntf_0',
  })
  expect(await all(source, { ...RANGE, undelivered: false })).toHaveLength(440)
  expect(await all(source, { ...RANGE, limit: 5 })).toHaveLength(5)
  await source.redeliver(events.at(-1)!)
  expect(asked).toEqual(['ntf_657'])
})

test('Polar: asks once for an event with many attempts, and never for an archived one', async () => {
  const asked: string[] = []
  const delivery = (at: number, event: string, more: object = {}) => ({
    id: `d${at}`,
    created_at: timeOf(at, 6),
    succeeded: false,
    event,
    type: 'order.paid',
    eventSucceeded: false,
    ...more,
  })
  const fake = await opened(
    startPolar({
      deliveries: [
        delivery(0, 'twice'),
        delivery(1, 'twice'),
        delivery(2, 'later', { eventSucceeded: true }),
        delivery(3, 'archived', { archived: true }),
        delivery(4, 'well', { succeeded: true, eventSucceeded: true }),
        delivery(5, 'once', { eventSucceeded: null }),
      ],
      redeliver: (event) => asked.push(event),
    }),
  )
  const source = polarRedelivery({ api: fake.url, token: POLAR_TOKEN })
  const events = await all(source)
  expect(events.map(({ id, topic, undelivered }) => [id, topic, undelivered])).toEqual([
    ['twice', 'order.paid', true],
    ['once', 'order.paid', true],
  ])
  for (const event of events.toReversed()) await source.redeliver(event)
  expect(asked).toEqual(['once', 'twice'])
  const everything = await all(source, { ...RANGE, undelivered: false })
  expect(everything.map(({ id, undelivered }) => [id, undelivered])).toEqual([
    ['twice', true],
    ['later', false],
    ['well', false],
    ['once', true],
  ])
})

test('Svix: counts attempts of a message together, and asks for what was never tried', async () => {
  const asked: string[] = []
  const attempt = (at: number, msgId: string, status: number) => ({
    msgId,
    eventType: 'order.created',
    timestamp: timeOf(at, 400),
    status,
  })
  const fake = await opened(
    startSvix({
      attempts: [
        attempt(0, 'again', 0),
        attempt(1, 'trying', 1),
        attempt(2, 'trying', 2),
        attempt(3, 'again', 2),
        ...Array.from({ length: 300 }, (_, at) => attempt(at + 4, `lost-${at}`, 2)),
      ],
      resend: (message) => asked.push(message),
      replay: (since, until) => asked.push(`${since} ${until}`),
    }),
  )
  const options = { application: 'app_octo', endpoint: 'ep_1' }
  const source = svixRedelivery({ api: fake.url, token: SVIX_TOKEN, ...options })
  const events = await all(source)
  expect(events).toHaveLength(300)
  expect(events[0]).toMatchObject({ id: 'lost-0', topic: 'order.created', undelivered: true })
  expect(await all(source, { ...RANGE, undelivered: false })).toHaveLength(302)
  expect(await all(source, { ...RANGE, limit: 10 })).toHaveLength(8)
  await source.redeliver(events.at(-1)!)
  await source.redeliverUntried!(RANGE)
  expect(asked).toEqual([
    'lost-299',
    `${new Date(END - HOUR).toISOString()} ${new Date(END).toISOString()}`,
  ])
})
