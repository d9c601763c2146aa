// DocuSign's Connect configurations:
// https://developers.docusign.com/docs/esign-rest-api/reference/connect
import { load } from './description.ts'
import { startFake, type Fake } from './fake.ts'
import { bearer } from './schema.ts'

export const DOCUSIGN_TOKEN = 'eyJfake.0123456789fake0123456789.fake'

export async function startDocusign(): Promise<Fake & { readonly rows: any[] }> {
  let next = 10
  const configurations: Record<string, any>[] = [
    {
      connectId: '1',
      urlToPublishTo: 'https://stranger.example/hooks',
      allowEnvelopePublish: 'true',
    },
  ]
  const wrong = (message: string) => ({
    status: 400,
    json: { errorCode: 'INVALID_REQUEST', message },
  })
  const path = '/v2.1/accounts/{accountId}/connect'
  const fake = await startFake({
    description: load('docusign'),
    reject: bearer(DOCUSIGN_TOKEN, {
      errorCode: 'USER_AUTHENTICATION_FAILED',
      message: 'invalid token',
    }),
    invalid: wrong,
    routes: {
      [`GET ${path}`]: () => ({
        json: { configurations, totalRecords: String(configurations.length) },
      }),
      [`GET ${path}/{connectId}`]: ({ params }) => {
        const found = configurations.filter(({ connectId }) => connectId === params['connectId'])
        return { json: { configurations: found, totalRecords: String(found.length) } }
      },
      [`POST ${path}`]: ({ body }) => {
        if (!body.urlToPublishTo?.startsWith('https://'))
          return wrong('urlToPublishTo must be https')
        if (body.configurationType !== 'custom' || !body.name)
          return wrong('name and configurationType')
        const made = { ...body, connectId: String(next++) }
        configurations.push(made)
        return { status: 201, json: made }
      },
      [`PUT ${path}`]: ({ body }) => {
        const found = configurations.find(({ connectId }) => connectId === body.connectId)
        if (!found) return wrong('connectId is unknown')
        // This is the strictest reading of the documentation: a PUT replaces the whole configuration.
        for (const name of Object.keys(found)) delete found[name]
        return { json: Object.assign(found, body) }
      },
      [`DELETE ${path}/{connectId}`]: ({ params }) => {
        const at = configurations.findIndex(({ connectId }) => connectId === params['connectId'])
        if (at < 0)
          return { status: 404, json: { errorCode: 'NOT_FOUND', message: 'no such connectId' } }
        configurations.splice(at, 1)
        return { json: {} }
      },
    },
  })
  return { ...fake, rows: configurations }
}
