import { catalogue } from '@postern/providers/catalogue'
import { expect, test } from 'vitest'
import { anatomyOf } from '../src/sender/anatomy.ts'

test.for([
  ['github', ['x-github-event', 'x-hub-signature-256'], 'the header x-github-delivery'],
  ['stripe', ['stripe-signature'], 'id of the payload'],
  ['okta', ['authorization'], 'data.events.0.uuid of the payload'],
] as const)('the headers and the id of %s', async ([name, headers, id]) => {
  expect(await anatomyOf(catalogue.get(name)!)).toMatchObject({
    headers: expect.arrayContaining([...headers]) as string[],
    id,
  })
})

test('what only the sender can sign is not made up', async () => {
  expect(await anatomyOf(catalogue.get('aws-sns')!)).toBeUndefined()
})
