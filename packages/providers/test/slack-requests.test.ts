import { createReceiver } from '@postern/core'
import { describe, expect, test } from 'vitest'
import { slack } from '../src/slack.ts'
import { deliver } from './deliver.ts'

const provider = slack({ signingSecret: '8f742231b10e8888abcd99yyyzzz85a5' })
const url = 'https://example.com/slack'
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

describe('ssl_check', () => {
  test.each([
    ['GET', `${url}?ssl_check=1&payload=%7B%22type%22%3A%22block_actions%22%7D`, ''],
    ['POST', url, 'ssl_check=1&token=x'],
    ['POST', url, 'ssl_check=1&command=%2Fdeploy&text=prod&trigger_id=1'],
    ['POST', url, 'payload=%7B%22type%22%3A%22block_actions%22%7D&ssl_check=1'],
  ])(
    'an unsigned %s to %s with "%s" is answered and dispatches nothing',
    async (method, at, body) => {
      const result = await deliver(provider, [{ method, url: at, headers: form, body }])
      expect(result.replies).toEqual([{ status: 200 }])
      expect(result.events).toEqual([])
    },
  )

  test('a signed one dispatches nothing either', async () => {
    const signed = provider.sign!({ topic: '/deploy', body: 'ssl_check=1&command=%2Fdeploy' })
    expect((await deliver(provider, [signed])).events).toEqual([])
  })

  test('other values, other content types and other GETs need a signature', async () => {
    const result = await deliver(provider, [
      { url, headers: form, body: 'ssl_check=0&command=%2Fdeploy' },
      { url, headers: { 'content-type': 'application/json' }, body: '{"ssl_check":1}' },
      { url: `${url}?ssl_check=1`, headers: form, body: 'command=%2Fdeploy' },
      { method: 'GET', url },
    ])
    expect(result.statuses).toEqual([401, 401, 401, 405])
    expect(result.events).toEqual([])
  })
})

describe('url_verification', () => {
  const challenges = [
    '3eZbrw1aBm2r',
    'v0:1531420618:{"type":"event_callback"}',
    '{"a":1}',
    '<script>',
  ]

  test.each(challenges)('signed, %s comes back as JSON and unsigned', async (challenge) => {
    const signed = provider.sign!({ body: JSON.stringify({ type: 'url_verification', challenge }) })
    const { replies, events } = await deliver(provider, [signed])
    expect(replies).toEqual([
      {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ challenge }),
      },
    ])
    expect(events).toEqual([])
  })

  test('unsigned, nothing comes back', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: challenges[1] })
    const result = await deliver(provider, [
      { url, headers: { 'content-type': 'application/json' }, body },
    ])
    expect(result.statuses).toEqual([401])
    expect(String(result.replies[0]!.body)).not.toContain('v0:')
  })

  test('without a challenge it is rejected', async () => {
    const signed = provider.sign!({ body: JSON.stringify({ type: 'url_verification' }) })
    expect((await deliver(provider, [signed])).codes).toEqual(['handshake_rejected'])
  })
})

describe('topics', () => {
  test.each([
    ['message.channel_join', 'message'],
    ['block_actions.approve', 'block_actions'],
    ['view_submission.form', 'view_submission'],
    ['shortcut.new_task', 'shortcut'],
    ['block_suggestion.search', 'block_suggestion'],
  ])('%s is heard by a subscription to %s too', async (topic, wider) => {
    const heard: string[] = []
    const receiver = createReceiver({ provider, log: false })
    const done = new Promise<void>((resolve) => {
      receiver.on(wider, (event) => {
        heard.push(event.topic)
        resolve()
      })
    })
    await receiver.receive(provider.sign!({ topic, id: '1' }))
    await done
    await receiver.close()
    expect(heard).toEqual([topic])
  })

  test('a command with a charset is a form, and its reply is the answer', async () => {
    const receiver = createReceiver({ provider, log: false })
    receiver.answer('/deploy', (event) => ({ text: (event.payload as { text: string }).text }))
    const signed = provider.sign!({
      topic: '/deploy',
      id: '1',
      payload: { text: 'prod' },
      headers: form,
    })
    const reply = await receiver.receive(signed)
    await receiver.close()
    expect(JSON.parse(String(reply.body))).toEqual({ text: 'prod' })
  })
})
