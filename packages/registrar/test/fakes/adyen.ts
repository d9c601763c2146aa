// Adyen's webhooks of a merchant account, as described at https://docs.adyen.com/api-explorer/Management/3.
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { rowsOf } from './rows.ts'

export const ADYEN_KEY = 'AQEfake0123456789fake0123456789'

export async function startAdyen(): Promise<
  Fake & { readonly rows: any[]; readonly secrets: Map<string, string> }
> {
  let next = 1
  const secrets = new Map<string, string>()
  const error = (status: number, detail: string): FakeAnswer => ({
    status,
    json: { title: 'Invalid', status, detail },
  })
  const { rows, one, shown, changed, removed, ...webhooks } = rowsOf(
    error(404, 'no such webhook'),
    'webhookId',
  )
  const add = (body: object): Record<string, any> => {
    const id = `S2-${next++}`
    const self = { href: `https://management-test.adyen.com/v3/merchants/Octo/webhooks/${id}` }
    return webhooks.add({ ...body, id, _links: { self, testWebhook: self, generateHmac: self } })
  }
  add({
    type: 'standard',
    url: 'https://stranger.example/hooks',
    active: true,
    communicationFormat: 'json',
    hmacKeyCheckValue: 'AAAA',
  })
  const path = '/merchants/{merchantId}/webhooks'
  const fake = await startFake({
    description: load('adyen'),
    reject: (headers) =>
      headers['x-api-key'] === ADYEN_KEY ? undefined : error(401, 'Unauthorized'),
    invalid: (detail) => error(422, detail),
    routes: {
      [`GET ${path}`]: ({ query }) => {
        const size = Number(query['pageSize'] ?? 10)
        const page = Number(query['pageNumber'] ?? 1)
        const data = rows.slice((page - 1) * size, page * size)
        const link = { href: 'https://management-test.adyen.com/v3/x' }
        const pagesTotal = Math.ceil(rows.length / size)
        const _links = { self: link, first: link, last: link }
        return { json: { data, itemsTotal: rows.length, pagesTotal, _links } }
      },
      [`GET ${path}/{webhookId}`]: shown,
      [`POST ${path}`]: ({ body }) =>
        body.url.startsWith('https://') ? { json: add(body) } : error(422, 'url must be https'),
      [`PATCH ${path}/{webhookId}`]: changed,
      [`DELETE ${path}/{webhookId}`]: removed(),
      [`POST ${path}/{webhookId}/generateHmac`]: one((found) => {
        const hmacKey = String(next++).padStart(64, 'A')
        secrets.set(found.id, hmacKey)
        found.hmacKeyCheckValue = hmacKey.slice(-4)
        return { json: { hmacKey } }
      }),
    },
  })
  return { ...fake, rows, secrets }
}
