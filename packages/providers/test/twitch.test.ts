import { describe, expect, test } from 'vitest'
import { twitch } from '../src/twitch.ts'
import { deliver } from './deliver.ts'

const provider = twitch({ secret: 'keepItSecretKeepItSafe' })
const type = 'twitch-eventsub-message-type'
const now = 1_775_038_274_000

describe('twitch', () => {
  test('echoes a signed challenge and rejects one that is not signed', async () => {
    const challenge = provider.sign!({
      at: now,
      headers: { [type]: 'webhook_callback_verification' },
      body: '{"challenge":"pogchamp-kappa","subscription":{"type":"channel.follow"}}',
    })
    const unsigned = { ...challenge, headers: { ...challenge.headers } }
    unsigned.headers['twitch-eventsub-message-signature'] = `sha256=${'0'.repeat(64)}`
    const { replies, events } = await deliver(provider, [challenge, unsigned], now)
    expect(replies[0]).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'pogchamp-kappa',
    })
    expect(replies[1]!.status).toBe(401)
    expect(events).toEqual([])
  })

  test('goes by the signed body, not by the header, for what a delivery is', async () => {
    const revocation = provider.sign!({ at: now, topic: 'stream.online.revocation' })
    const notification = provider.sign!({ at: now, topic: 'stream.online' })
    const swapped = [
      { ...revocation, headers: { ...revocation.headers, [type]: 'notification' } },
      { ...notification, headers: { ...notification.headers, [type]: 'revocation' } },
    ]
    const { events } = await deliver(provider, swapped, now)
    expect(events.map(({ topic }) => topic)).toEqual(['stream.online.revocation', 'stream.online'])
  })

  test('reads nanoseconds, and rejects a time that is invalid or too far away', async () => {
    const at = (time: string): object =>
      provider.sign!({
        headers: { 'twitch-eventsub-message-timestamp': time },
      })
    const times = ['2026-04-01T10:11:14.000000001Z', '2026-04-01T10:11:14Z']
    const wrong = ['1775038274', '2026-04-01', '2026-04-01T10:22:00Z', '2026-04-01T10:00:00Z']
    const deliveries = [...times, ...wrong].map(at) as ReturnType<
      NonNullable<typeof provider.sign>
    >[]
    const { statuses, codes } = await deliver(provider, deliveries, now)
    expect(statuses).toEqual([200, 200, 401, 401, 401, 401])
    expect(codes.slice(2)).toEqual(['timestamp_in_future', 'timestamp_too_old'])
  })
})
