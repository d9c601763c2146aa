import { expect, test } from 'vitest'
import { twilioNumberRegistrar } from '../src/twilio-number.ts'
import { twilioRegistrar } from '../src/twilio.ts'
import { testRegistrar } from './contract.ts'
import { startTwilioNumber, TWILIO_NUMBER } from './fakes/twilio-number.ts'
import { startTwilio, TWILIO_ACCOUNT, TWILIO_TOKEN } from './fakes/twilio.ts'
import { opened } from './fakes/opened.ts'

const url = 'https://app.example/twilio'
const accountSid = TWILIO_ACCOUNT
const delivered = 'com.twilio.messaging.message.delivered'
const failed = 'com.twilio.messaging.message.failed'

testRegistrar('Twilio, Event Streams', {
  start: startTwilio,
  make: (options, authToken) => twilioRegistrar({ ...options, accountSid, authToken }),
  token: TWILIO_TOKEN,
  more: (fake, at) =>
    fake.sinks.push({ ...fake.sinks[0], sid: `DG${String(at).padStart(32, 'a')}` }),
  patterns: [delivered, failed],
  topics: [delivered, failed],
  others: [failed, 'com.twilio.messaging.message.sent'],
  confirm: (registrar, id, fake) => registrar.confirm!(id, fake.testId(id)!),
})

testRegistrar('Twilio, number', {
  start: () => startTwilioNumber(),
  make: (options, authToken) =>
    twilioNumberRegistrar({ ...options, accountSid, authToken, number: TWILIO_NUMBER }),
  token: TWILIO_TOKEN,
  patterns: ['ringing'],
  topics: ['call'],
  others: ['received'],
  lacks: ['foreign'],
})

test('lets the old sink deliver until the new one is confirmed', async () => {
  const fake = await opened(startTwilio())
  const registrar = twilioRegistrar({ api: fake.url, accountSid, authToken: TWILIO_TOKEN })
  const register = async (at: string, previousUrls: readonly string[] = []) => {
    const want = { url: at, topics: [delivered], previousUrls }
    return registrar.apply(await registrar.plan(want))
  }
  const [first] = await register('https://old.example/twilio')
  await registrar.confirm!(first!.id!, fake.testId(first!.id!)!)
  await register('https://old.example/twilio')

  const [moved] = await register(url, ['https://old.example/twilio'])
  expect(moved).toMatchObject({
    do: 'replace',
    state: 'pending',
    reason: expect.stringContaining('test_id'),
  })
  expect((await registrar.list()).map((each) => [each.url, each.state, each.topics])).toEqual([
    ['https://stranger.example/hooks', 'active', []],
    ['https://old.example/twilio', 'active', [delivered]],
    [url, 'pending', []],
  ])
  const waiting = await registrar.plan({
    url,
    topics: [delivered],
    previousUrls: ['https://old.example/twilio'],
  })
  expect(waiting).toMatchObject({
    steps: [],
    warnings: [expect.stringContaining('is not verified yet')],
  })

  await expect(registrar.confirm!(moved!.id!, 'wrong')).rejects.toMatchObject({ code: 'invalid' })
  await registrar.confirm!(moved!.id!, fake.testId(moved!.id!)!)
  const last = await register(url, ['https://old.example/twilio'])
  expect(last.map((each) => [each.do, each.state])).toEqual([
    ['update', 'done'],
    ['delete', 'done'],
  ])
})

test('does not take a number from another receiver', async () => {
  const fake = await opened(startTwilioNumber('https://theirs.example/voice'))
  const registrar = twilioNumberRegistrar({
    api: fake.url,
    accountSid,
    authToken: TWILIO_TOKEN,
    number: TWILIO_NUMBER,
  })
  const results = await registrar.apply(await registrar.plan({ url, topics: ['call'] }))
  expect(results).toMatchObject([
    { state: 'failed', reason: expect.stringContaining('previousUrls') },
  ])
  expect(fake.changes()).toBe(0)
  const previousUrls = ['https://theirs.example/voice']
  await registrar.apply(await registrar.plan({ url, topics: ['call'], previousUrls }))
  expect(await registrar.list()).toMatchObject([{ url, topics: ['call'] }])
})

test('names the types of Event Streams and of numbers apart', () => {
  const streams = twilioRegistrar({ accountSid, authToken: TWILIO_TOKEN })
  expect(streams.map([delivered, 'received', 'com.twilio.**'])).toMatchObject({
    topics: [delivered],
    unknown: ['com.twilio.**'],
    manual: [{ pattern: 'received' }],
  })
})
