import { stripe } from '@postern/providers/stripe'
import { expect, test } from 'vitest'

test.for([
  ['a secret key', 'sk_test_51Hxyz'],
  ['a restricted key among others', ['whsec_right', 'rk_live_51Hxyz']],
  ['a key with a tenant', [{ secret: 'pk_live_51Hxyz', tenant: 'shop' }]],
] as const)('%s of the API is rejected when the provider is made', ([, secret]) => {
  expect(() => stripe({ secret })).toThrow(
    new TypeError(
      'stripe: secret: must be the Signing secret of the endpoint, under Workbench → Webhooks, got a key for the API; give the right one',
    ),
  )
  expect(() => stripe({ secret: 'whsec_right' })).not.toThrow()
})
