import { slack } from '@postern/providers/slack'
import { expect, test } from 'vitest'
import { send, startExample } from './example.ts'

const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5'

test('fetch-slack answers the challenge and a command, and hears a mention once', async () => {
  const example = await startExample('fetch-slack', { SLACK_SIGNING_SECRET: signingSecret })
  try {
    const url = `http://localhost:${example.port}/webhooks/slack`
    const sign = slack({ signingSecret }).sign!
    const challenge = await send(
      sign({ url, payload: { type: 'url_verification', challenge: 'c-123' } }),
    )
    expect([challenge.status, await challenge.text()]).toEqual([
      200,
      expect.stringContaining('c-123'),
    ])
    const command = await send(
      sign({
        url,
        body: 'command=%2Fdeploy&text=main&trigger_id=1',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    )
    expect(await command.json()).toEqual({ response_type: 'ephemeral', text: 'deploying main' })
    const mention = sign({
      url,
      payload: { type: 'event_callback', event_id: 'Ev1', event: { type: 'app_mention' } },
    })
    expect((await send(mention)).status).toBe(200)
    expect((await send(mention)).status).toBe(200)
    await example.line('mentioned Ev1')
    const next = sign({
      url,
      payload: { type: 'event_callback', event_id: 'Ev2', event: { type: 'app_mention' } },
    })
    expect((await send(next)).status).toBe(200)
    await example.line('mentioned Ev2')
    expect(example.lines.filter((line) => line.includes('Ev1'))).toHaveLength(1)
  } finally {
    await example.stop()
  }
})
