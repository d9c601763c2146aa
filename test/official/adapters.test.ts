import { expect, test } from 'vitest'
import { hosts } from '../hostile/hosts.ts'
import { officialReceivers } from './receivers.ts'
import { officialDeliveries } from './signers.ts'

test.each(hosts)(
  'on $name what official packages sign is taken and handled, and with a byte changed rejected',
  async ({ open }) => {
    const official = officialReceivers()
    const host = await open()
    try {
      const deliveries = await officialDeliveries((provider) => `https://example.com/${provider}`)
      for (const { provider, signer, request } of deliveries) {
        host.use(official.receivers.get(provider)!)
        const wire = { ...request, headers: Object.entries(request.headers) }
        const body = Uint8Array.from(request.body)
        body[body.length - 3]! ^= 1
        expect((await host.send({ ...wire, body })).status, `${signer}, changed`).toBe(401)
        expect((await host.send(wire)).status, signer).toBe(200)
      }
      const wanted = deliveries.map(
        ({ provider, event }) => `${provider} ${event.topic} ${event.id}`,
      )
      expect([...(await official.handled(wanted.length))].sort()).toEqual(wanted.sort())
    } finally {
      await host.close()
    }
  },
)
