import type { TenantSecrets } from '@postern/core'
import type { Host } from '../hosts.ts'
import type { RulePart } from './rule.ts'
import { everywhere, from, tenantsOn } from './tenants.ts'

const KEY = 'the key of a known tenant'
const INVENTED = 60

const found = (tenant: string): TenantSecrets | undefined =>
  tenant === 'known' ? { tenant: 'known', secrets: KEY } : undefined

async function flood(host: Host): Promise<string | undefined> {
  for (let at = 0; at < INVENTED; at++) {
    const { status } = await host.send(from(`invented-${at}`, 'x', 'e'))
    if (status !== 401 && status !== 503) return `an invented tenant got ${status}`
  }
  return undefined
}

async function genuine(host: Host, id: string): Promise<string | undefined> {
  const { status } = await host.send(from('known', KEY, id))
  return status === 200 ? undefined : `the known tenant got ${status}`
}

export const knownTenants: RulePart = {
  rule: '3b',
  title: 'known tenants are looked up beside a flood',
  open: (inboxes, every) =>
    everywhere(
      inboxes,
      {
        async 'its answer is looked up again'(host, inbox, name) {
          const { receiver, forget } = tenantsOn(inbox, name, found)
          host.use(receiver)
          const first = await genuine(host, 'one')
          const flooded = await flood(host)
          forget('known')
          const again = await genuine(host, 'two')
          await receiver.close()
          return first ?? flooded ?? again
        },
        async 'after a restart'(host, inbox, name) {
          const before = tenantsOn(inbox, name, found)
          host.use(before.receiver)
          const first = await genuine(host, 'one')
          await before.receiver.close()
          const after = tenantsOn(inbox, name, found)
          host.use(after.receiver)
          const flooded = await flood(host)
          const again = await genuine(host, 'two')
          await after.receiver.close()
          return first ?? flooded ?? again
        },
      },
      every,
    ),
}
