import { defineRegistrar } from './common/define.ts'
import type { TopicNames } from './common/map.ts'
import { row, rows, asText, type Fields } from './common/read.ts'
import { twilioClient, type TwilioAccount } from './clients/twilio.ts'
import { RegistrarError } from './errors.ts'
import type { Endpoint, Registrar } from './registrar.ts'

/** Options of {@link twilioNumberRegistrar}. */
export interface TwilioNumberRegistrarOptions extends TwilioAccount {
  /** The phone number, such as `+15005550006`. */
  readonly number: string
}

/**
 * Manages the URLs of a phone number at Twilio for messages (`SmsUrl`) and for calls (`VoiceUrl`). Messages and calls
 * have one URL each. Another receiver's URL is replaced only if `previousUrls` has that URL. To get the status of
 * messages that you send, set the URL in the request that sends the message. Twilio signs deliveries with the Auth
 * Token.
 *
 * API: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, and its description in the npm
 * package `@twilio/cli-core`.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const registrar = twilioNumberRegistrar({ accountSid, authToken, number: '+15005550006' })
 * await registrar.apply(await registrar.plan({ url, topics: ['received'] }))
 */
export function twilioNumberRegistrar(options: TwilioNumberRegistrarOptions): Registrar {
  const { accountSid, number } = options
  const call = twilioClient('twilioNumberRegistrar', options, 'https://api.twilio.com')
  if (!/^\+\d{5,15}$/.test(number))
    throw new TypeError(
      'twilioNumberRegistrar: number: must be in E.164 form, such as +15005550006',
    )
  const base = `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers`

  return defineRegistrar({
    provider: 'twilio',
    account: `number ${number}`,
    kind: 'number webhook',
    one: 'topic',
    settings: { method: 'POST' },
    names: NAMES,
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
/** The provider's topics for incoming calls: `call` and the values of `CallStatus`. */
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

const NAMES: TopicNames = {
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
}

function toEndpoint(number: Fields, kind: string): readonly Endpoint[] {
  const { url: member, method } = MEMBERS[kind]!
  const url = asText(number[member])
  if (url === '') return []
  const settings = { method: asText(number[method]) }
  return [{ id: kind, url, topics: [kind], enabled: true, state: 'active', settings }]
}
