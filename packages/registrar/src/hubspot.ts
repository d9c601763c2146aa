import { senderCall } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, rows, asText, type Fields } from './common/read.ts'
import { restEndpoints } from './common/rest.ts'
import { RegistrarError } from './errors.ts'
import type { Registrar } from './registrar.ts'
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
 * subscriptions of an app share one target URL. Another receiver's URL is replaced only if `previousUrls` has that URL.
 * HubSpot signs deliveries with the app's client secret.
 *
 * API: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3, and the types in the npm package
 * `@hubspot/api-client`.
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

  const endpoints = restEndpoints(call, {
    title: 'HubSpot',
    path: `${base}/subscriptions`,
    async list() {
      const { targetUrl: url } = await settings()
      const items = asText(url) === '' ? [] : await subscriptions()
      return { items: items.map((item) => ({ ...item, url })), next: undefined }
    },
    url: 'url',
    topics: ({ eventType, propertyName }) => [
      [asText(eventType), asText(propertyName)].filter(Boolean).join('/'),
    ],
    on: { active: true },
    create({ topics: [topic = ''] }) {
      const [eventType = '', propertyName] = topic.split('/', 2)
      return {
        json: { eventType, active: true, ...(propertyName !== undefined && { propertyName }) },
      }
    },
  })

  return defineRegistrar({
    provider: 'hubspot',
    account: `app ${appId}`,
    kind: 'subscription',
    one: 'topic',
    names: {
      known: topicList(HUBSPOT_TOPICS).flatMap((name) => watched(name, properties)),
      topicOf: (name) => name.split('/', 1)[0]!,
      manual: (pattern) =>
        pattern.endsWith('.propertyChange') && watched(pattern, properties).length === 0
          ? 'list the properties in the option properties'
          : undefined,
    },
    ...endpoints,
    async create(target) {
      await setUrl(target.url, target.previousUrls)
      return endpoints.create(target)
    },
    update: (_endpoint, { url, previousUrls }) => setUrl(url, previousUrls),
  })

  async function settings(): Promise<Fields> {
    return row((await call('GET', `${base}/settings`, { allow: [404] })).json)
  }

  async function subscriptions(): Promise<readonly Fields[]> {
    const { json } = await call('GET', `${base}/subscriptions`)
    return rows(row(json)['results'], 'HubSpot')
  }

  /**
   * Sets the URL that all subscriptions of the app share. Throws `taken` if the old URL belongs to another receiver.
   */
  async function setUrl(url: string, previousUrls: readonly string[]): Promise<void> {
    const { targetUrl: has, throttling = { maxConcurrentRequests: 10 } } = await settings()
    if (has === url) return
    const isUsed = (await subscriptions()).length > 0
    if (isUsed && !previousUrls.includes(asText(has)))
      throw new RegistrarError(
        'taken',
        `HubSpot: app ${appId} delivers to another URL; name it in previousUrls`,
      )
    await call('PUT', `${base}/settings`, { json: { targetUrl: url, throttling } })
  }
}

/** Adds the watched properties to a `propertyChange` type: one topic per property. Other types stay as they are. */
function watched(
  name: string,
  properties: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  if (!name.endsWith('.propertyChange')) return [name]
  const object = name.slice(0, name.indexOf('.'))
  return (properties[object] ?? []).map((property) => `${name}/${property}`)
}
