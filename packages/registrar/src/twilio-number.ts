import { createApiCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { row, rows, asText, type Fields } from './common/read.ts'
import { checkTwilio, twilioAuth, type TwilioAccount } from './clients/twilio.ts'
import { RegistrarError } from './errors.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link twilioNumberRegistrar}. */
export interface TwilioNumberRegistrarOptions extends TwilioAccount {
  /** The phone number, as `+15005550006`. */
  readonly number: string
}

/**
 * What a phone number at Twilio calls for messages (`SmsUrl`) and for calls (`VoiceUrl`). Each holds one URL: a URL of
 * somebody else is not overwritten unless it is in `previousUrls`. The statuses of messages that you send are set in the
 * request that sends them. Deliveries are signed with the Auth Token.
 *
 * API: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, as described in npm @twilio/cli-core.
 *
 * @example
 * const registrar = twilioNumberRegistrar({ accountSid, authToken, number: '+15005550006' })
 * await registrar.apply(await registrar.plan({ url, topics: ['received'] }))
 */
export function twilioNumberRegistrar(options: TwilioNumberRegistrarOptions): Registrar {
  const name = 'twilioNumberRegistrar'
  checkTwilio(name, options)
  const { accountSid, number } = options
  if (!/^\+\d{5,15}$/.test(number))
    throw new TypeError(`${name}: number: must be in E.164 form, such as +15005550006`)
  const call = createApiCall({
    ...options,
    title: 'Twilio',
    api: options.api ?? 'https://api.twilio.com',
    ...twilioAuth(name, options),
  })
  const base = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers`

  return defineRegistrar({
    provider: 'twilio',
    account: `number ${number}`,
    kind: 'number webhook',
    one: 'topic',
    settings: { method: 'POST' },
    map: mapNumber,
    async list() {
      const found = await find()
      return KINDS.flatMap((kind) => toEndpoint(found, kind))
    },
    async create({ url, topics: [kind = ''], settings, previousUrls }) {
      const has = asText((await find())[MEMBERS[kind]!.url])
      if (has !== '' && has !== url && !previousUrls.includes(has))
        throw new RegistrarError(
          'taken',
          `Twilio: ${number} has another URL for ${kind}; name it in previousUrls`,
        )
      await set(kind, url, String(settings['method']))
      return { id: `${kind}` }
    },
    async update({ id }, { url, settings }) {
      await set(id, url, String(settings['method']))
    },
    async delete({ id }) {
      await set(id, '', 'POST')
    },
  })

  async function find(): Promise<Fields> {
    const { json } = await call('GET', `${base}.json`, { query: { PhoneNumber: number } })
    const [found] = rows(row(json)['incoming_phone_numbers'], 'Twilio')
    if (found === undefined)
      throw new RegistrarError('not_found', `Twilio: ${accountSid} has no number ${number}`)
    return found
  }

  async function set(kind: string, url: string, method: string): Promise<void> {
    const { parameter } = MEMBERS[kind]!
    const form = new URLSearchParams({ [`${parameter}Url`]: url, [`${parameter}Method`]: method })
    const sid = asText((await find())['sid'])
    await call('POST', `${base}/${sid}.json`, { form, repeatable: true })
  }
}

const KINDS = ['call', 'message']
const MEMBERS: Readonly<Record<string, { url: string; method: string; parameter: string }>> = {
  message: { url: 'sms_url', method: 'sms_method', parameter: 'Sms' },
  call: { url: 'voice_url', method: 'voice_method', parameter: 'Voice' },
}
/** `CallStatus` of an incoming call, and `SmsStatus` of an incoming message: topics of the provider. */
const CALLS = [
  'call',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'no-answer',
  'canceled',
  'failed',
]
const MESSAGES = ['message', 'received', 'receiving']

function mapNumber(patterns: readonly string[]): ReturnType<Registrar['map']> {
  return mapTopics(patterns, {
    known: KINDS,
    convert(pattern) {
      if (pattern === '**' || pattern === '*') return { names: KINDS, wider: false }
      if (MESSAGES.includes(pattern)) return { names: ['message'], wider: false }
      return CALLS.includes(pattern) ? { names: ['call'], wider: pattern !== 'call' } : undefined
    },
    manual: (pattern) =>
      pattern.startsWith('com.twilio.')
        ? 'it comes from Event Streams: see twilioRegistrar'
        : undefined,
  })
}

function toEndpoint(number: Fields, kind: string): readonly Endpoint[] {
  const { url: member, method } = MEMBERS[kind]!
  const url = asText(number[member])
  if (url === '') return []
  const settings = { method: asText(number[method]) }
  return [{ id: kind, url, topics: [kind], enabled: true, state: 'active', settings }]
}
