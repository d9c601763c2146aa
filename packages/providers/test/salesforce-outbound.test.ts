import { expect, test } from 'vitest'
import { salesforceOutbound } from '../src/salesforce-outbound.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const [vector] = vectors('salesforce-outbound')
const body = Buffer.from(vector!.bodyBase64, 'base64').toString()
const request = { url: vector!.url, headers: { 'content-type': 'text/xml' } }

test('another organization is rejected without an Ack, other prefixes are read', async () => {
  const organizationId = vector!.secret as string
  const session = body
    .replaceAll('soapenv:', 's:')
    .replace('xmlns:soapenv', 'xmlns:s')
    .replace('<SessionId xsi:nil="true"/>', '<SessionId>00D!live</SessionId>')
  const other = body.replace('xxxxEAA<', 'yyyyEAA<')
  const { statuses, replies, events } = await deliver(
    salesforceOutbound({ organizationId }),
    [other, session].map((sent) => ({ ...request, body: sent })),
  )
  expect(statuses).toEqual([401, 200])
  expect(String(replies[0]!.body)).not.toContain('Ack')
  expect(events.map(({ id }) => id)).toEqual(['04l0800002nrC5BAAU', '04l0800002nrC5CAAU'])
  const [event] = events
  expect(JSON.stringify(event!.payload)).not.toContain('00D!live')
  expect(Buffer.from(event!.delivery.body).toString()).not.toContain('00D!live')
})
