import { stripe } from '@postern/providers/stripe'
import { createDelivery } from '@postern/core'
import { expect, test } from 'vitest'

test.for([
  ['a secret key', 'sk_test_51Hxyz'],
  ['a restricted key among others', ['whsec_right', 'rk_live_51Hxyz']],
  ['a key with a tenant', [{ secret: 'pk_live_51Hxyz', tenant: 'shop' }]],
] as const)('%s of the API is rejected when the provider is made', ([, secret]) => {
  expect(() => stripe({ secret })).toThrow(
    new TypeError(
      'stripe: secret: must be the Signing secret of the endpoint, under Workbench → Webhooks, got a key for the API; set the right one',
    ),
  )
  expect(() => stripe({ secret: 'whsec_right' })).not.toThrow()
})

test.each([
  ['a snapshot', { topic: 'invoice.paid', id: 'evt_1' }, { id: 'evt_1', topic: 'v1.invoice.paid' }],
  [
    'a thin event of one',
    { topic: 'v1.invoice.paid', id: 'evt_2', payload: { snapshot_event: 'evt_1' } },
    { id: 'evt_1', topic: 'invoice.paid' },
  ],
  ['a thin event without a snapshot', { topic: 'v1.billing.meter.no_meter_found' }, undefined],
  [
    'a thin event of API v2',
    { topic: 'v2.core.account.created', payload: { snapshot_event: 'evt_1' } },
    undefined,
  ],
])('%s names the same change in the other form', (_name, draft, twin) => {
  const provider = stripe({ secret: 'whsec_right' })
  const request = provider.sign!(draft)
  const value: unknown = JSON.parse(new TextDecoder().decode(request.body))
  const [event] = provider.events(createDelivery(request), { kind: 'json', value })
  expect((event as { readonly twin?: unknown }).twin).toEqual(twin)
})
