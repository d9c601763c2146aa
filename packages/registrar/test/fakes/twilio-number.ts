// The phone numbers of an account, as described at https://www.twilio.com/docs/phone-numbers/api.
import { load } from './description.ts'
import { startFake, type Fake } from './fake.ts'
import { rejectTwilio, TWILIO_ACCOUNT } from './twilio.ts'

export const TWILIO_NUMBER = '+15005550006'

export async function startTwilioNumber(voice = ''): Promise<Fake> {
  const number: Record<string, string> = {
    sid: `PN${'1'.repeat(32)}`,
    account_sid: TWILIO_ACCOUNT,
    phone_number: TWILIO_NUMBER,
    sms_url: '',
    sms_method: 'POST',
    voice_url: voice,
    voice_method: 'POST',
  }
  const base = '/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers'
  return startFake({
    description: load('twilio-numbers'),
    reject: rejectTwilio,
    invalid: (message) => ({ status: 400, json: { code: 20001, message, status: 400 } }),
    routes: {
      [`GET ${base}.json`]: ({ query }) => ({
        json: {
          incoming_phone_numbers: query['PhoneNumber'] === TWILIO_NUMBER ? [number] : [],
          next_page_uri: null,
        },
      }),
      [`POST ${base}/{Sid}.json`]: ({ params, body }) => {
        if (params['Sid'] !== number['sid']) return { status: 404, json: { message: 'not found' } }
        for (const [parameter, member] of [
          ['Sms', 'sms'],
          ['Voice', 'voice'],
        ] as const)
          for (const part of ['Url', 'Method'])
            if (body[parameter + part] !== undefined)
              number[`${member}_${part.toLowerCase()}`] = body[parameter + part]
        return { json: number }
      },
    },
  })
}
