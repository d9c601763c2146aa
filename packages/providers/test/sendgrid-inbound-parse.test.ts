import { expect, test } from 'vitest'
import { sendgridInboundParse } from '../src/sendgrid-inbound-parse.ts'
import { deliver } from './deliver.ts'
import { lawsOf } from './signing.ts'

test('fields are signed once each', async () => {
  const secret = lawsOf('sendgrid-inbound-parse')!.secrets[0]
  const provider = sendgridInboundParse({ publicKey: secret })
  const fields = { subject: 'hi', text: 'there' }
  const { events } = await deliver(provider, [provider.sign!({ payload: fields })])
  expect(events.map(({ payload }) => payload)).toMatchObject([{ fields }])
})
