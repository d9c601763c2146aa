/** A request that an app parsed and wrote again before it was verified: the signature is over the indented text. */
export const EXAMPLE = {
  sender: 'stripe',
  secret: 'whsec_an_example_that_everybody_can_read',
  at: '2026-11-28T12:00:00Z',
  request: `curl https://example.com/webhooks \\
  -H 'content-type: application/json; charset=utf-8' \\
  -H 'stripe-signature: t=1795867200,v1=4eaa27e50c57039fa2d5bb198b99ecc473cf11c67bb272c94581dbb44aa819be' \\
  --data-raw '{"id":"evt_1PExampleOnly","object":"event","type":"invoice.paid","data":{"object":{"id":"in_1","customer_name":"Zoë","amount_paid":4200}}}'`,
} as const
