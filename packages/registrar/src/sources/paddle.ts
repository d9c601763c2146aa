import { paddleClient, paddlePages } from '../clients/paddle.ts'
import type { ApiOptions, Token } from '../common/options.ts'
import { attemptsSource, pagedSource } from '../common/paging.ts'
import { asText, memberIn, time } from '../common/read.ts'
import type { PayloadSource, RedeliverySource } from '../source.ts'

/** Options of {@link paddleEvents} and {@link paddleRedelivery}. */
export interface PaddleSourceOptions extends ApiOptions {
  /** An API key that may read events or notifications and, for redeliveries, write notifications. */
  readonly key: Token
  /** The notification setting, `ntfset_…`, whose notifications are listed. @default every setting */
  readonly setting?: string
}

/**
 * Lists events at Paddle, with payloads and the `event_id` of their notifications. The list does not say which events
 * were delivered.
 *
 * API: https://developer.paddle.com/api-reference/events/list-events
 *
 * @example
 * const source = paddleEvents({ key: process.env.PADDLE_API_KEY! })
 */
export function paddleEvents(options: Omit<PaddleSourceOptions, 'setting'>): PayloadSource {
  const call = paddleClient('paddleEvents', options)
  return pagedSource({
    provider: 'paddle',
    account: 'account',
    page: paddlePages(call, '/events', { order_by: 'id[DESC]' }),
    event: (item) => ({
      id: asText(item['event_id']),
      topic: asText(item['event_type']),
      at: time(item['occurred_at']),
      undelivered: undefined,
    }),
  })
}

/**
 * Lists notifications at Paddle, and asks Paddle to send them again, as new notifications with the same `event_id`.
 * Notifications that Paddle still retries count as delivered, because Paddle does not allow their replay.
 *
 * API: https://developer.paddle.com/api-reference/notifications/replay-notification
 *
 * @example
 * const source = paddleRedelivery({ key: process.env.PADDLE_API_KEY!, setting: 'ntfset_01…' })
 */
export function paddleRedelivery(options: PaddleSourceOptions): RedeliverySource {
  const { setting } = options
  const call = paddleClient('paddleRedelivery', options)
  return attemptsSource({
    provider: 'paddle',
    account: setting === undefined ? 'account' : `setting ${setting}`,
    page: (cursor, { since, until, undelivered }) =>
      paddlePages(call, '/notifications', {
        from: new Date(since).toISOString(),
        // In Paddle's API, `to` is exclusive, so one millisecond is added.
        to: new Date(until + 1).toISOString(),
        status: undelivered ? 'failed' : 'failed,delivered',
        notification_setting_id: setting,
      })(cursor),
    event: (item) => ({
      id: asText(memberIn(item, 'payload.event_id')),
      topic: asText(item['type']),
      at: time(item['occurred_at']),
      undelivered: item['status'] === 'failed',
      ref: asText(item['id']),
    }),
    async redeliver({ ref }) {
      await call('POST', `/notifications/${ref}/replay`)
    },
  })
}
