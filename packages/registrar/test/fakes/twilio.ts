// Twilio's Event Streams, as described at https://www.twilio.com/docs/events/event-streams.
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer } from './fake.ts'

export const TWILIO_ACCOUNT = `AC${'0123456789abcdef'.repeat(2)}`
export const TWILIO_TOKEN = 'fake0123456789fake0123456789fake'

interface Sink {
  readonly sid: string
  readonly configuration: object
  status: string
  testId?: string
}

interface Subscription {
  readonly sid: string
  readonly sink_sid: string
  readonly types: Map<string, number>
}

export interface FakeTwilio extends Fake {
  readonly sinks: object[]
  /** The test event that Twilio sent to a sink. */
  testId(sink: string): string | undefined
}

/** Rejects requests without the account's Basic credentials. */
export function rejectTwilio(headers: {
  readonly authorization?: string | undefined
}): FakeAnswer | undefined {
  const basic = Buffer.from(`${TWILIO_ACCOUNT}:${TWILIO_TOKEN}`).toString('base64')
  return headers.authorization === `Basic ${basic}`
    ? undefined
    : { status: 401, json: { code: 20003, message: 'Authentication Error', status: 401 } }
}

export async function startTwilio(): Promise<FakeTwilio> {
  let next = 1
  const sid = (prefix: string): string => prefix + String(next++).padStart(32, '0')
  const sinks: Sink[] = [
    {
      sid: sid('DG'),
      configuration: { destination: 'https://stranger.example/hooks', method: 'POST' },
      status: 'active',
    },
  ]
  const subscriptions: Subscription[] = []
  const missing = {
    status: 404,
    json: { code: 20404, message: 'The resource was not found', status: 404 },
  }
  const wrong = (message: string): FakeAnswer => ({
    status: 400,
    json: { code: 20001, message, status: 400 },
  })
  const shown = ({ sid: id, configuration, status }: Sink): object => ({
    sid: id,
    sink_configuration: configuration,
    status,
    sink_type: 'webhook',
    description: 'Postern',
  })
  const paged = (
    member: string,
    all: readonly object[],
    query: Readonly<Record<string, any>>,
  ): FakeAnswer => {
    const size = Number(query['PageSize'] ?? 50)
    const page = Number(query['Page'] ?? 0)
    const more = (page + 1) * size < all.length
    const next_page_url = more
      ? `https://events.twilio.com/v1/x?PageSize=${size}&Page=${page + 1}`
      : null
    const meta = { key: member, page, page_size: size, next_page_url }
    return { json: { [member]: all.slice(page * size, (page + 1) * size), meta } }
  }
  const fake = await startFake({
    description: load('twilio'),
    reject: rejectTwilio,
    invalid: wrong,
    routes: {
      'GET /v1/Sinks': ({ query }) => paged('sinks', sinks.map(shown), query),
      'POST /v1/Sinks': ({ body }) => {
        const configuration = JSON.parse(body.SinkConfiguration) as { destination?: string }
        if (!configuration.destination?.startsWith('https://'))
          return wrong('destination is not https')
        const sink = { sid: sid('DG'), configuration, status: 'initialized' }
        sinks.push(sink)
        return { status: 201, json: shown(sink) }
      },
      'DELETE /v1/Sinks/{Sid}': ({ params }) => {
        const at = sinks.findIndex((each) => each.sid === params['Sid'])
        if (at < 0) return missing
        if (subscriptions.some((each) => each.sink_sid === params['Sid']))
          return wrong('the sink is in use')
        sinks.splice(at, 1)
        return { status: 204 }
      },
      'POST /v1/Sinks/{Sid}/Test': ({ params }) => {
        const sink = sinks.find((each) => each.sid === params['Sid'])
        if (!sink) return missing
        sink.testId = `TEST${sink.sid}`
        sink.status = 'validating'
        return { status: 201, json: { result: 'submitted' } }
      },
      'POST /v1/Sinks/{Sid}/Validate': ({ params, body }) => {
        const sink = sinks.find((each) => each.sid === params['Sid'])
        if (!sink) return missing
        const valid = body.TestId === sink.testId
        if (valid) sink.status = 'active'
        return { status: 201, json: { result: valid ? 'valid' : 'invalid' } }
      },
      'GET /v1/Subscriptions': ({ query }) => {
        const found = subscriptions.filter(
          (each) => query['SinkSid'] === undefined || each.sink_sid === query['SinkSid'],
        )
        return paged(
          'subscriptions',
          found.map(({ sid: id, sink_sid }) => ({ sid: id, sink_sid })),
          query,
        )
      },
      'POST /v1/Subscriptions': ({ body }) => {
        const sink = sinks.find((each) => each.sid === body.SinkSid)
        if (sink?.status !== 'active') return wrong('the sink is not active')
        const given = [body.Types]
          .flat()
          .map((each: string) => JSON.parse(each) as Record<string, unknown>)
        if (given.some((each) => typeof each['schema_version'] !== 'number'))
          return wrong('schema_version')
        const types = new Map(
          given.map((each) => [each['type'] as string, each['schema_version'] as number]),
        )
        const made = { sid: sid('DF'), sink_sid: sink.sid, types }
        subscriptions.push(made)
        return { status: 201, json: { sid: made.sid, sink_sid: sink.sid } }
      },
      'DELETE /v1/Subscriptions/{Sid}': ({ params }) => {
        const at = subscriptions.findIndex((each) => each.sid === params['Sid'])
        if (at < 0) return missing
        subscriptions.splice(at, 1)
        return { status: 204 }
      },
      'GET /v1/Subscriptions/{SubscriptionSid}/SubscribedEvents': ({ params, query }) => {
        const found = subscriptions.find((each) => each.sid === params['SubscriptionSid'])
        const types = [...(found?.types ?? [])].map(([type, schema_version]) => ({
          type,
          schema_version,
        }))
        return found ? paged('types', types, query) : missing
      },
      'POST /v1/Subscriptions/{SubscriptionSid}/SubscribedEvents': ({ params, body }) => {
        const found = subscriptions.find((each) => each.sid === params['SubscriptionSid'])
        if (!found) return missing
        found.types.set(body.Type, Number(body.SchemaVersion))
        return {
          status: 201,
          json: { type: body.Type, schema_version: Number(body.SchemaVersion) },
        }
      },
      'DELETE /v1/Subscriptions/{SubscriptionSid}/SubscribedEvents/{Type}': ({ params }) => {
        const found = subscriptions.find((each) => each.sid === params['SubscriptionSid'])
        if (!found?.types.has(params['Type']!)) return missing
        if (found.types.size === 1) return wrong('a subscription must have a type')
        found.types.delete(params['Type']!)
        return { status: 204 }
      },
    },
  })
  return { ...fake, sinks, testId: (sink) => sinks.find((each) => each.sid === sink)?.testId }
}
