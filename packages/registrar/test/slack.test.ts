import { expect, test } from 'vitest'
import { slackRegistrar } from '../src/slack.ts'
import { testRegistrar } from './contract.ts'
import { SLACK_APP, SLACK_TOKEN, startSlack } from './fakes/slack.ts'
import { opened } from './fakes/opened.ts'

const url = 'https://app.example/slack'
const make = (api: string, more: object = {}) =>
  slackRegistrar({ api, token: SLACK_TOKEN, appId: SLACK_APP, wait: async () => {}, ...more })

testRegistrar('Slack', {
  start: startSlack,
  make: (options, token) => slackRegistrar({ ...options, token, appId: SLACK_APP }),
  token: SLACK_TOKEN,
  patterns: ['app_mention', 'reaction_added'],
  topics: ['app_mention', 'reaction_added'],
  others: ['app_mention', 'team_join'],
  single: true,
  lacks: ['foreign'],
  // In socket mode, Slack sends no events to the URL.
  disable: (fake) => void (fake.manifest().settings.socket_mode_enabled = true),
})

test('changes the event subscription and nothing else of the manifest', async () => {
  const fake = await opened(startSlack())
  const registrar = make(fake.url)
  const before = structuredClone(fake.manifest())
  await registrar.apply(await registrar.plan({ url, topics: ['app_mention'] }))
  expect(fake.manifest()).toEqual({
    ...before,
    settings: {
      ...before.settings,
      event_subscriptions: { request_url: url, bot_events: ['app_mention'] },
    },
  })
  await registrar.remove({ url })
  expect(fake.manifest()).toEqual(before)
  expect(fake.requests.some(({ path }) => path.includes('delete'))).toBe(false)
})

test('asks which conversations message stands for, and names what has a URL of its own', () => {
  const api = 'http://127.0.0.1:9'
  const topics = ['message', 'app_mention', '/deploy', 'block_actions.approve', 'app_menshun']
  expect(make(api).map(topics)).toMatchObject({
    topics: ['app_mention'],
    unknown: ['app_menshun'],
    manual: [
      { pattern: 'message', why: expect.stringContaining('messages') },
      { pattern: '/deploy' },
      { pattern: 'block_actions.approve' },
    ],
  })
  const some = make(api, { messages: ['channels', 'im'] })
  expect(some.map(['message', 'message.message_changed'])).toMatchObject({
    topics: ['message.channels', 'message.im'],
    wider: [{ pattern: 'message.message_changed' }],
    manual: [],
  })
})
