import { stringifyJson } from '@postern/core/internal'
import { figmaClient, figmaWebhooks } from '../clients/figma.ts'
import { checkUrl } from '../common/options.ts'
import { pagedSource } from '../common/paging.ts'
import { row, rows, asText, time, type Fields } from '../common/read.ts'
import { RegistrarError } from '../errors.ts'
import type { FigmaContext } from '../figma.ts'
import type { PayloadSource } from '../source.ts'

/** Options of {@link figmaEvents}. */
export interface FigmaEventsOptions extends FigmaContext {
  /** The URL of the webhooks. */
  readonly url: string
}

/** Maximum number of webhooks to read, because each costs one request. */
const MOST_WEBHOOKS = 100

/**
 * Lists the requests that Figma sent to the webhooks with this URL in the last 7 days, with payloads. Each attempt is
 * one entry. The passcode is removed from payloads. Figma returns all requests of a webhook in one answer.
 *
 * API: https://developers.figma.com/docs/rest-api/webhooks-endpoints
 *
 * @example
 * const source = figmaEvents({ token, context: 'team', contextId: '123', url: 'https://app.example/figma' })
 */
export function figmaEvents(options: FigmaEventsOptions): PayloadSource {
  const { url } = options
  const call = figmaClient('figmaEvents', options)
  checkUrl('figmaEvents: url', url)
  return pagedSource<Fields>({
    provider: 'figma',
    derivesIds: true,
    account: `${options.context} ${options.contextId}`,
    async page() {
      const webhooks = (await figmaWebhooks(call, options)).filter(
        (each) => each['endpoint'] === url,
      )
      if (webhooks.length > MOST_WEBHOOKS)
        throw new RegistrarError(
          'unexpected',
          `Figma: more than ${MOST_WEBHOOKS} webhooks of this context have the URL`,
        )
      const items: Fields[] = []
      for (const webhook of webhooks) {
        const { json } = await call('GET', `/v2/webhooks/${asText(webhook['id'])}/requests`)
        items.push(...rows(row(json)['requests'], 'Figma'))
      }
      return { items: items.toSorted((a, b) => sentAt(b) - sentAt(a)), next: undefined }
    },
    event(item) {
      const { id, payload } = row(item['request_info'])
      const status = Number(row(item['response_info'])['status'])
      const undelivered = !(status >= 200 && status < 300)
      return {
        id: asText(id),
        topic: asText(row(payload)['event_type']),
        at: sentAt(item),
        undelivered,
      }
    },
    delivery(item) {
      const { passcode: _passcode, ...payload } = row(row(item['request_info'])['payload'])
      const headers = { 'content-type': 'application/json' }
      return { url, headers, body: stringifyJson(payload) }
    },
  })
}

function sentAt(item: Fields): number {
  return time(row(item['request_info'])['sent_at'])
}
