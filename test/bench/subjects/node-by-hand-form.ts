import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { handled } from '../counter.ts'
import { PUBLIC_URL, SECRET } from '../deliveries.ts'
import { collect } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

const key = createSecretKey(Buffer.from(SECRET))

/** node:http, hand-written, for Twilio's forms: the reference of the form columns. */
export const subject: Subject = {
  sender: 'twilio',
  framework: 'node',
  start: () =>
    listen(async (request, response) => {
      const fields = new URLSearchParams((await collect(request)).toString())
      const hmac = createHmac('sha1', key).update(PUBLIC_URL)
      const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1))
      hmac.update(sorted.map(([name, value]) => name + value).join(''))
      const expected = Buffer.from(hmac.digest('base64'))
      const given = Buffer.from((request.headers['x-twilio-signature'] as string) ?? '')
      const right = given.length === expected.length && timingSafeEqual(given, expected)
      if (right) handled()
      response.writeHead(right ? 200 : 401, { 'content-length': '0' })
      response.end()
    }),
}
