import { expect, test } from 'vitest'
import { salesforceOutbound } from '../src/salesforce-outbound.ts'
import { accepting } from './accepting.ts'
import { vectors } from './vectors.ts'

const [vector] = vectors('salesforce-outbound')
const body = Buffer.from(vector!.bodyBase64, 'base64').toString()
const request = { url: vector!.url, headers: { 'content-type': 'text/xml' } }

test('another organization is rejected without an Ack, other prefixes are read', async () => {
  const organizationId = vector!.secret as string
  const { receiver, ids, events } = accepting(salesforceOutbound({ organizationId }))
  const other = await receiver.receive({ ...request, body: body.replace('xxxxEAA<', 'yyyyEAA<') })
  expect(other.status).toBe(401)
  expect(String(other.body)).not.toContain('Ack')
  const session = body
    .replaceAll('soapenv:', 's:')
    .replace('xmlns:soapenv', 'xmlns:s')
    .replace('<SessionId xsi:nil="true"/>', '<SessionId>00D!live</SessionId>')
  expect((await receiver.receive({ ...request, body: session })).status).toBe(200)
  expect(ids).toEqual(['04l0800002nrC5BAAU', '04l0800002nrC5CAAU'])
  const [event] = await events()
  expect(JSON.stringify(event!.payload)).not.toContain('00D!live')
  expect(Buffer.from(event!.delivery.body).toString()).not.toContain('00D!live')
})

test('what is no organization id is rejected', () => {
  expect(() => salesforceOutbound({ organizationId: 'acme' })).toThrow(
    /organizationId.*18 characters/,
  )
})
