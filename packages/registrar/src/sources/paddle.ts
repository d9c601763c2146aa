import { stringifyJson } from '@postern/core/internal'
import type { ApiOptions, Token } from '../common/options.ts'
import { paddleClient, paddlePage } from '../clients/paddle.ts'
import { boundsOf, pagedSource, createCounting, finite } from '../common/paging.ts'
import { row, asText, time, type Fields } from '../common/read.ts'
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
  return pagedSource<Fields>({
    provider: 'paddle',
    account: 'account',
    page: (cursor) => paddlePage(call, '/events', { order_by: 'id[DESC]' }, cursor),
    event: (item) => ({
      id: asText(item['event_id']),
      topic: asText(item['event_type']),
      at: time(item['occurred_at']),
      undelivered: undefined,
    }),
    delivery: (item) => ({
      headers: { 'content-type': 'application/json' },
      body: stringifyJson(item),
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
  return {
    kind: 'redelivery',
    provider: 'paddle',
    account: setting === undefined ? 'account' : `setting ${setting}`,
    async *list(range) {
      const { since, until, undelivered } = boundsOf(range)
      const query = {
        from: new Date(since).toISOString(),
        // Paddle's range does not include its end, so the end is one millisecond later.
        to: new Date(until + 1).toISOString(),
        status: undelivered ? 'failed' : 'failed,delivered',
        ...(setting !== undefined && { notification_setting_id: setting }),
      }
      let left = range.limit ?? 10_000
      const goesOn = createCounting()
      let cursor: string | undefined
      do {
        const { items, next } = await paddlePage(call, '/notifications', query, cursor)
        for (const item of items) {
          if (left-- <= 0) return true
          const id = asText(row(item['payload'])['event_id'])
          yield {
            id,
            topic: asText(item['type']),
            at: finite(time(item['occurred_at']), 'Paddle', id),
            undelivered: item['status'] === 'failed',
            ref: asText(item['id']),
          }
        }
        if (next !== undefined && !goesOn(items.map((item) => asText(item['id'])))) return 'endless'
        cursor = next
      } while (cursor !== undefined)
      return false
    },
    async redeliver({ ref }) {
      await call('POST', `/notifications/${ref}/replay`)
    },
  }
}
