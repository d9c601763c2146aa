import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { XMLParser } from 'fast-xml-parser'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'
import { collect } from './by-hand.ts'
import { listen, type Subject } from './subject.ts'

const key = createSecretKey(Buffer.from(SECRET))
const parser = new XMLParser()

/** node:http, hand-written, with fast-xml-parser: the reference of the XML columns. */
export const subject: Subject = {
  sender: 'xml',
  framework: 'node',
  start: () =>
    listen(async (request, response) => {
      const body = await collect(request)
      const expected = Buffer.from(createHmac('sha256', key).update(body).digest('hex'))
      const given = Buffer.from((request.headers['x-signature'] as string) ?? '')
      const right = given.length === expected.length && timingSafeEqual(given, expected)
      if (right && 'order' in (parser.parse(body.toString()) as object)) handled()
      response.writeHead(right ? 200 : 401, { 'content-length': '0' })
      response.end()
    }),
}
