import { createHmac } from 'node:crypto'
import type { DeliveryInit } from '@postern/core'
import { describe, expect, test } from 'vitest'
import { mailgun } from '../src/mailgun.ts'
import { deliver } from './deliver.ts'

const now = 1_534_108_640_000
const timestamp = '1534108637'
const token = '651869375b9df3c98fc15c4889b102119add1235c38fc92824'
const signature = createHmac('sha256', 'key')
  .update(timestamp + token)
  .digest('hex')
const provider = mailgun({ signingKey: 'key' })

describe('mailgun', () => {
  test('takes the last of repeated form fields, which is its own', async () => {
    const own = `timestamp=${timestamp}&token=${token}&signature=${signature}`
    const variables = form(`event=opened&token=mine&timestamp=1&${own}`)
    const { statuses, events } = await deliver(provider, [variables, form(`${own}&token=x`)], now)
    expect(statuses).toEqual([200, 401])
    expect(events[0]).toMatchObject({ id: token, topic: 'opened' })
  })

  test('reads a route that comes as multipart, and strips the signature', async () => {
    const parts = Object.entries({ recipient: 'a@example.com', timestamp, token, signature })
      .map(
        ([name, value]) =>
          `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      .join('')
    const delivery = {
      url: 'https://example.com/',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: `${parts}--b--\r\n`,
    }
    const { statuses, events } = await deliver(provider, [delivery], now)
    expect(statuses).toEqual([200])
    expect(events[0]).toMatchObject({ id: token, topic: 'inbound' })
    expect(JSON.stringify(events)).not.toContain(signature)
  })

  test('rejects a time outside of the tolerance, either way', async () => {
    const strict = mailgun({ signingKey: 'key', tolerance: 15 })
    const at = (time: number): DeliveryInit => strict.sign!({ at: now + time })
    const times = [-16_000, -15_000, 15_000, 16_000]
    expect((await deliver(strict, times.map(at), now)).statuses).toEqual([401, 200, 200, 401])
  })
})

function form(body: string): DeliveryInit {
  return {
    url: 'https://example.com/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  }
}
