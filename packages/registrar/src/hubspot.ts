import { senderCall } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, type Fields } from './common/read.ts'
import { RegistrarError } from './errors.ts'
import type { Endpoint, Registrar } from './registrar.ts'
import { HUBSPOT_TOPICS } from './topics/hubspot.ts'

/** Options of {@link hubspotRegistrar}. */
export interface HubspotRegistrarOptions extends ApiOptions {
  /** The developer API key of the account that has the app. */
  readonly developerKey: Token
  /** The app's id. */
  readonly appId: string
  /**
   * Properties to watch for the topics `….propertyChange`, by object: `{ contact: ['email'] }`.
   * @default {}
   */
  readonly properties?: Readonly<Record<string, readonly string[]>>
}

/**
 * Manages the webhook subscriptions of a public app at HubSpot: one per event type, and one per watched property. All
 * subscriptions of an app share one target URL. If another receiver's URL is set, the registrar replaces it only if
 * `previousUrls` names it. HubSpot signs deliveries with the app's client secret.
 *
 * API: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3, with the types of npm
 * @hubspot/api-client.
 *
 * @example
 * const registrar = hubspotRegistrar({ developerKey, appId: '123', properties: { contact: ['email'] } })
 * await registrar.apply(await registrar.plan({ url, topics: ['contact.creation', 'contact.propertyChange'] }))
 */
export function hubspotRegistrar(options: HubspotRegistrarOptions): Registrar {
  const { appId, properties = {} } = options
  const call = senderCall('hubspotRegistrar', options, {
    title: 'HubSpot',
    api: 'https://api.hubapi.com',
    headers: () => ({}),
    query: (hapikey) => ({ hapikey }),
  })
  const base = `/webhooks/v3/${encodeURIComponent(appId)}`

  return defineRegistrar({
    provider: 'hubspot',
    account: `app ${appId}`,
    kind: 'subscription',
    one: 'topic',
    map: (patterns) =>
      mapTopics(patterns, {
        known: topicList(HUBSPOT_TOPICS).flatMap((name) => watched(name, properties)),
        topicOf: (name) => name.split('/', 1)[0]!,
        manual: (pattern) =>
          pattern.endsWith('.propertyChange') && watched(pattern, properties).length === 0
            ? 'say which properties by the option properties'
            : undefined,
      }),
    async list() {
      const url = await targetUrl()
      if (url === undefined) return []
      const { json } = await call('GET', `${base}/subscriptions`)
      return rows(row(json)['results'], 'HubSpot').map((each) => toEndpoint(each, url))
    },
    async create({ url, topics: [topic = ''], previousUrls }) {
      await target(url, previousUrls)
      const [eventType = '', propertyName] = topic.split('/', 2)
      const json = { eventType, active: true, ...(propertyName !== undefined && { propertyName }) }
      const answer = await call('POST', `${base}/subscriptions`, { json })
      return { id: endpointId(row(answer.json)['id'], 'HubSpot') }
    },
    update: (_endpoint, { url, previousUrls }) => target(url, previousUrls),
    async delete({ id }) {
      await call('DELETE', `${base}/subscriptions/${id}`, { allow: [404] })
    },
    async enable(id) {
      await call('PATCH', `${base}/subscriptions/${id}`, { json: { active: true } })
    },
  })

  async function settings(): Promise<Fields> {
    return row((await call('GET', `${base}/settings`, { allow: [404] })).json)
  }

  async function targetUrl(): Promise<string | undefined> {
    return asText((await settings())['targetUrl']) || undefined
  }

  /** Sets the app's target URL, which all subscriptions of the app share. */
  async function target(url: string, previousUrls: readonly string[]): Promise<void> {
    const { targetUrl: has, throttling = { maxConcurrentRequests: 10 } } = await settings()
    if (has === url) return
    const { json } = await call('GET', `${base}/subscriptions`)
    const used = rows(row(json)['results'], 'HubSpot').length > 0
    if (used && !previousUrls.includes(asText(has)))
      throw new RegistrarError(
        'taken',
        `HubSpot: app ${appId} delivers to another URL; name it in previousUrls`,
      )
    await call('PUT', `${base}/settings`, { json: { targetUrl: url, throttling } })
  }
}

/** Returns the topics for an event type: for a `propertyChange` type, one topic per watched property. */
function watched(
  name: string,
  properties: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  if (!name.endsWith('.propertyChange')) return [name]
  const object = name.slice(0, name.indexOf('.'))
  return (properties[object] ?? []).map((property) => `${name}/${property}`)
}

function toEndpoint(subscription: Fields, url: string): Endpoint {
  const property = asText(subscription['propertyName'])
  const topic = asText(subscription['eventType'])
  return {
    id: asText(subscription['id']),
    url,
    topics: [property === '' ? topic : `${topic}/${property}`],
    enabled: subscription['active'] === true,
    state: 'active',
  }
}
