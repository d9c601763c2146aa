import { defineRegistrar } from './common/define.ts'
import type { ApiRequest } from './common/client.ts'
import { memberIn, endpointId, linkQuery, row, rows, asText, type Fields } from './common/read.ts'
import { everyRow } from './common/rest.ts'
import { twilioClient, type TwilioAccount } from './clients/twilio.ts'
import { RegistrarError } from './errors.ts'
import type { Endpoint, EndpointState, Registrar } from './registrar.ts'

/** Options of {@link twilioRegistrar}. */
export interface TwilioRegistrarOptions extends TwilioAccount {
  /** Version of the events' schemas. @default 1 */
  readonly schemaVersion?: number
}

/**
 * Manages Event Streams of an account at Twilio: a sink with the URL, and a subscription with the types. Twilio
 * requires a proof that you own a new sink. So `apply` leaves the step pending and makes Twilio send a test event. Pass
 * the event's `test_id` to `confirm`, then plan and apply again to create the subscription. Twilio cannot change the
 * URL of a sink, so a plan replaces the sink. The old sink delivers until the new sink is confirmed. Name each event
 * type, because wildcards do not expand. Twilio signs deliveries with the Auth Token. For messages and calls of a phone
 * number, use `twilioNumberRegistrar`.
 *
 * API: https://www.twilio.com/docs/events/event-streams, and its description in the npm package `@twilio/cli-core`.
 *
 * @example
 * const registrar = twilioRegistrar({ accountSid, authToken })
 * const plan = await registrar.plan({ url, topics: ['com.twilio.messaging.message.delivered'] })
 */
export function twilioRegistrar(options: TwilioRegistrarOptions): Registrar {
  const { accountSid, schemaVersion = 1 } = options
  const call = twilioClient('twilioRegistrar', options, 'https://events.twilio.com')

  return defineRegistrar({
    provider: 'twilio',
    account: `account ${accountSid}`,
    kind: 'sink',
    settings: { method: 'POST' },
    fixed: ['url', 'method'],
    names: {
      known: [],
      open: true,
      manual: (pattern) =>
        pattern.startsWith('com.twilio.')
          ? undefined
          : 'a phone number or one of your API requests causes it; see twilioNumberRegistrar',
    },
    async list() {
      const sinks = await pages('/v1/Sinks', 'sinks')
      const subscriptions = await pages('/v1/Subscriptions', 'subscriptions')
      const found: Endpoint[] = []
      for (const sink of sinks.filter((each) => each['sink_type'] === 'webhook')) {
        const topics: string[] = []
        for (const subscription of subscriptions.filter((each) => each['sink_sid'] === sink['sid']))
          topics.push(...(await typesOf(asText(subscription['sid']))))
        found.push(toEndpoint(sink, topics))
      }
      return found
    },
    async create({ url, settings: { method } }) {
      const form = new URLSearchParams({
        Description: 'Postern',
        SinkType: 'webhook',
        SinkConfiguration: JSON.stringify({ destination: url, method }),
      })
      const { json } = await call('POST', '/v1/Sinks', { form })
      const id = endpointId(row(json)['sid'], 'Twilio')
      await call('POST', `/v1/Sinks/${id}/Test`)
      const reason = 'Twilio sent a test event: give its test_id to confirm, then plan again'
      return { id, state: 'pending', reason }
    },
    async update({ id, topics: has }, { topics }) {
      const [subscription] = await subscriptionsOf(id)
      const missing = topics.filter((topic) => !has.includes(topic))
      if (subscription === undefined) {
        const form = new URLSearchParams({ Description: 'Postern', SinkSid: id })
        for (const type of topics)
          form.append('Types', JSON.stringify({ type, schema_version: schemaVersion }))
        await call('POST', '/v1/Subscriptions', { form })
        return
      }
      for (const type of missing) {
        const form = new URLSearchParams({ Type: type, SchemaVersion: String(schemaVersion) })
        await call('POST', `/v1/Subscriptions/${subscription}/SubscribedEvents`, { form })
      }
      for (const each of await subscriptionsOf(id))
        for (const type of (await typesOf(each)).filter((topic) => !topics.includes(topic)))
          await call('DELETE', `/v1/Subscriptions/${each}/SubscribedEvents/${type}`, {
            allow: [404],
          })
    },
    async delete({ id }) {
      for (const subscription of await subscriptionsOf(id))
        await call('DELETE', `/v1/Subscriptions/${subscription}`, { allow: [404] })
      await call('DELETE', `/v1/Sinks/${id}`, { allow: [404] })
    },
    async confirm(id, proof) {
      const form = new URLSearchParams({ TestId: proof })
      const { json } = await call('POST', `/v1/Sinks/${id}/Validate`, { form, repeatable: true })
      const result = asText(row(json)['result'])
      if (result !== 'valid') throw new RegistrarError('invalid', `Twilio: sink ${id} is ${result}`)
    },
  })

  async function subscriptionsOf(sink: string): Promise<readonly string[]> {
    const all = await pages(`/v1/Subscriptions`, 'subscriptions', { SinkSid: sink })
    return all.map((subscription) => asText(subscription['sid']))
  }

  async function typesOf(subscription: string): Promise<readonly string[]> {
    const path = `/v1/Subscriptions/${subscription}/SubscribedEvents`
    return (await pages(path, 'types')).map((event) => asText(event['type']))
  }

  function pages(path: string, member: string, more?: ApiRequest['query']) {
    return everyRow('Twilio', async (link) => {
      const query =
        link === undefined
          ? { PageSize: 100, ...more }
          : Object.fromEntries(linkQuery(link, 'Twilio'))
      const { json } = await call('GET', path, { query })
      const next = asText(memberIn(json, 'meta.next_page_url')) || undefined
      return { items: rows(memberIn(json, member), 'Twilio'), next }
    })
  }
}

const STATES: Readonly<Record<string, EndpointState>> = {
  initialized: 'pending',
  validating: 'pending',
  failed: 'failed',
}

function toEndpoint(sink: Fields, topics: readonly string[]): Endpoint {
  const configuration = row(sink['sink_configuration'])
  const state = STATES[asText(sink['status'])] ?? 'active'
  return {
    id: asText(sink['sid']),
    url: asText(configuration['destination']),
    topics: topics.toSorted(),
    enabled: true,
    state,
    settings: { method: asText(configuration['method']).toUpperCase() },
  }
}
